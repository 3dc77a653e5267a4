import { spawn } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { ConfigurationError } from "../../dist/errors.js";
import { lock } from "../../dist/model/lock.js";

const folder = mkdtempSync(join(tmpdir(), "bp-train-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));
let path = "";
let rooms = 0;
beforeEach(() => {
  const room = join(folder, `${++rooms}`);
  mkdirSync(room);
  path = join(room, "run.checkpoint");
});
const files = () => readdirSync(join(path, "..")).sort();

const LOCK = new URL("../../dist/model/lock.js", import.meta.url).href;
/** Says when it is ready, waits for a line, says what became of it, and holds what it has until its input ends. */
const TAKER = `
  import { createInterface } from "node:readline";
  import { lock } from "${LOCK}";
  process.setMaxListeners(0); // each lock has one
  console.log("ready");
  createInterface({ input: process.stdin }).on("line", (path) =>
    lock(path).then(() => console.log("held"), (error) => console.log(error.name + ": " + error.message)));
`;

/** A real process that takes locks. */
function startTaker() {
  const child = spawn(process.execPath, ["--input-type=module", "-e", TAKER]);
  child.stderr.pipe(process.stderr);
  const lines: string[] = [];
  let wake = () => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    lines.push(...text.trimEnd().split("\n"));
    wake();
  });
  const next = async () => {
    while (lines.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return lines.shift() as string;
  };
  const ends = new Promise((resolve) => child.on("close", resolve));
  const take = (path: string) => {
    child.stdin.write(`${path}\n`);
    return next();
  };
  const end = async (how: "kill" | "leave" = "leave") => {
    if (how === "kill") child.kill("SIGKILL");
    else child.stdin.end();
    await ends;
  };
  return { pid: child.pid, ready: next(), take, end };
}

/** Leaves a lock whose holder was killed. */
async function desert(path: string): Promise<void> {
  const taker = startTaker();
  await taker.ready;
  expect(await taker.take(path)).toBe("held");
  await taker.end("kill");
  expect(existsSync(`${path}.lock`)).toBe(true);
}

describe("a lock", () => {
  it("is refused to a second process, and left to it when the first one ends", async () => {
    const [first, second] = [startTaker(), startTaker()];
    await Promise.all([first.ready, second.ready]);
    expect(await first.take(path)).toBe("held");
    expect(await second.take(path)).toBe(
      `ConfigurationError: ${path}: expected a checkpoint file that no other run writes, found process ${first.pid}; ` +
        `wait for it, use another file or, if it is gone, remove ${path}.lock`,
    );
    await first.end();
    expect(files()).toEqual([]);
    expect(await second.take(path)).toBe("held");
    await second.end();
    expect(files()).toEqual([]);
  });

  it("can be given back, and taken again", async () => {
    for (let i = 0; i < 2; i++) {
      const release = await lock(path);
      await expect(lock(path)).rejects.toThrow(ConfigurationError);
      release();
      expect(files()).toEqual([]);
    }
  });

  it("is the file's, by whatever link it is named", async () => {
    writeFileSync(path, "");
    symlinkSync(path, `${path}-link`);
    const release = await lock(`${path}-link`);
    expect(files()).toContain("run.checkpoint.lock");
    await expect(lock(`${path}-link`)).rejects.toThrow(
      `found process ${process.pid}; wait for it, use another file or, if it is gone, remove ${path}.lock`,
    );
    release();
  });

  it("that a killed process left is taken over", async () => {
    await desert(path);
    const release = await lock(path);
    expect(files()).toEqual(["run.checkpoint.lock"]);
    expect(JSON.parse(readFileSync(`${path}.lock`, "utf8")).pid).toBe(process.pid);
    release();
    expect(files()).toEqual([]);
  });

  it("whose process has a successor of the same number is taken over", async () => {
    const holder = { pid: process.pid, host: hostname(), started: "1", token: "0123456789abcdef" };
    writeFileSync(`${path}.lock`, JSON.stringify(holder)); // this process, but started at another time
    (await lock(path))();
    expect(files()).toEqual([]);
  });

  it("of another machine is respected, whether or not there is such a process here", async () => {
    const holder = { pid: 2 ** 30, host: "elsewhere", started: null, token: "0123456789abcdef" };
    const text = JSON.stringify(holder);
    writeFileSync(`${path}.lock`, text);
    await expect(lock(path)).rejects.toThrow(/found process 1073741824 on elsewhere; wait for it/);
    expect(readFileSync(`${path}.lock`, "utf8")).toBe(text);
    expect(files()).toEqual(["run.checkpoint.lock"]);
  });

  it.each([
    ["empty", ""],
    ["torn", '{"pid":12'],
    ["of JSON that is no holder", '{"pid":1}'],
    ["whose token leads elsewhere", '{"pid":1073741824,"host":"HOST","token":"../../x"}'],
    ["whose process is no number", '{"pid":"many","host":"HOST","token":"0123456789abcdef"}'],
  ])("file that is %s is taken over", async (_, text) => {
    writeFileSync(`${path}.lock`, text.replace("HOST", hostname()));
    const release = await lock(path);
    expect(files()).toEqual(["run.checkpoint.lock"]);
    release();
    expect(files()).toEqual([]);
  });

  it.each<[what: string, make: (lock: string) => void]>([
    ["a file of another kind", (lock) => writeFileSync(lock, "# yarn lockfile v1")], // --checkpoint yarn
    ["a folder", mkdirSync],
    ["a link that leads nowhere", (lock) => symlinkSync("nowhere", lock)],
    ["a link to a lock", (lock) => symlinkSync("run.checkpoint", lock)],
  ])("is refused, and nothing lost, where its name is taken by %s", async (_, make) => {
    writeFileSync(path, "");
    make(`${path}.lock`);
    const before = lstatSync(`${path}.lock`).ino;
    await expect(lock(path)).rejects.toThrow(
      `${path}.lock: expected no file, or the lock of a run, found something else`,
    );
    expect(lstatSync(`${path}.lock`).ino).toBe(before);
    expect(files()).toEqual(["run.checkpoint", "run.checkpoint.lock"]);
  });

  it("whose heir was killed while it took over has an heir all the same", async () => {
    const dead = (token: string) => JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), started: "1", token });
    writeFileSync(`${path}.lock`, dead("a".repeat(16)));
    writeFileSync(`${path}.lock.${"a".repeat(16)}`, dead("b".repeat(16)));
    writeFileSync(`${path}.lock.${"a".repeat(16)}.${"b".repeat(16)}`, "");
    const release = await lock(path);
    expect(files()).toEqual(["run.checkpoint.lock"]);
    release();
  });

  it("that is another's by now is not removed by who held it before", async () => {
    const release = await lock(path);
    unlinkSync(`${path}.lock`); // as the message says that one may
    const taker = startTaker();
    await taker.ready;
    expect(await taker.take(path)).toBe("held");
    release();
    expect(files()).toEqual(["run.checkpoint.lock"]);
    await taker.end();
    expect(files()).toEqual([]);
  });

  it("in a folder where nothing can be written says so", async () => {
    await expect(lock("/proc/run.checkpoint")).rejects.toThrow(/expected to write this file, found ENOENT/);
  });
});

describe("of several takers at once", () => {
  it.each(["killed", "torn", "none"])("one gets the lock, where there was: %s", async (before) => {
    const takers = [startTaker(), startTaker(), startTaker()];
    await Promise.all(takers.map(({ ready }) => ready));
    for (let round = 0; round < 10; round++) {
      const file = `${path}-${round}`;
      const holder = { pid: 2 ** 22 + 1, host: hostname(), started: "1", token: "0123456789abcdef" };
      if (before !== "none") writeFileSync(`${file}.lock`, before === "killed" ? JSON.stringify(holder) : "");
      const outcomes = await Promise.all(takers.map(({ take }) => take(file)));
      expect(outcomes.filter((outcome) => outcome === "held")).toHaveLength(1);
      const others = outcomes.filter((outcome) => outcome !== "held");
      for (const other of others) expect(other).toMatch(/^ConfigurationError: .* found process \d+;/);
      expect(files().filter((name) => name.includes(`-${round}.`))).toEqual([`run.checkpoint-${round}.lock`]);
    }
    await Promise.all(takers.map(({ end }) => end()));
    expect(files()).toEqual([]);
  });
});

describe("what a killed run left half-written", () => {
  it("is removed, and nothing else", async () => {
    const left = ["run.checkpoint.12-0123abcd.part", "run.checkpoint.34567-ffffffff.part"];
    const others = [
      "run.checkpoint",
      "run.checkpoint.2.12-0123abcd.part", // of run.checkpoint.2, which may be being written
      "run.checkpoint.part",
      "run.checkpoint.mine.part",
      "run.checkpoint.12-0123abcd.part.gz",
      "xrun.checkpoint.12-0123abcd.part",
      "runXcheckpoint.12-0123abcd.part",
    ];
    for (const name of [...left, ...others]) writeFileSync(join(path, "..", name), "");
    await desert(path);
    for (const name of left) writeFileSync(join(path, "..", name), "");
    (await lock(path))();
    expect(files()).toEqual(others.sort());
  });
});
