/** The lock of a checkpoint: one living process has it, and what dead ones left is taken over. */

import { spawn } from "node:child_process";
import {
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
import { setTimeout } from "node:timers/promises";
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
/** The lock files beside `path`. */
const locks = () => files().filter((name) => name.startsWith("run.checkpoint.") && name.endsWith(".lock"));
/** The name of a lock file. A process 2^22 + 1 is never there: Linux counts to 2^22. */
const lockOf = ({ name = "run.checkpoint", pid = 2 ** 22 + 1, start = "1", random = "01234567", host = hostname() }) =>
  `${name}.${pid}-${start}-${random}@${host}.lock`;
/** Puts empty files beside `path`. */
const leave = (...names: string[]) => {
  for (const name of names) writeFileSync(join(path, "..", name), "");
};

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
  expect(locks()).toHaveLength(1);
}

describe("a lock", () => {
  it("is refused to a second process, and left to it when the first one ends", async () => {
    const [first, second] = [startTaker(), startTaker()];
    await Promise.all([first.ready, second.ready]);
    expect(await first.take(path)).toBe("held");
    const [file] = locks();
    expect(file).toMatch(new RegExp(`^run\\.checkpoint\\.${first.pid}-\\d+-[0-9a-f]{8}@${hostname()}\\.lock$`));
    expect(await second.take(path)).toBe(
      `ConfigurationError: ${path}: expected a checkpoint file that no other run writes, found process ${first.pid}; ` +
        `wait for it, use another file or, if it is gone, remove ${join(path, "..", file)}`,
    );
    expect(locks()).toEqual([file]);
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
    expect(locks()).toHaveLength(1);
    await expect(lock(path)).rejects.toThrow(`found process ${process.pid}; wait for it`);
    expect(locks()).toHaveLength(1);
    release();
    expect(files()).toEqual(["run.checkpoint", "run.checkpoint-link"]);
  });

  it("that a killed process left is taken over", async () => {
    await desert(path);
    const release = await lock(path);
    expect(locks()).toEqual([expect.stringContaining(`.${process.pid}-`)]);
    release();
    expect(files()).toEqual([]);
  });

  it("that several killed processes left is taken over", async () => {
    leave(lockOf({}), lockOf({ pid: 2 ** 22 + 2 }), lockOf({ random: "89abcdef" }));
    (await lock(path))();
    expect(files()).toEqual([]);
  });

  it("whose process has a successor of the same number is taken over", async () => {
    leave(lockOf({ pid: process.pid })); // this process, but started at another time
    (await lock(path))();
    expect(files()).toEqual([]);
  });

  it("of a process that has ended, and that its parent has not asked about, is taken over", async () => {
    const shell = 'sleep 0.3 & echo $! $(cut -d" " -f22 /proc/$!/stat); exec sleep 30';
    const parent = spawn("bash", ["-c", shell]);
    const [pid, start] = `${await new Promise((resolve) => parent.stdout.once("data", resolve))}`.trim().split(" ");
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) await setTimeout(5);
    leave(lockOf({ pid: Number(pid), start }));
    (await lock(path))();
    expect(files()).toEqual([]);
    parent.kill();
  });

  it("of another machine is respected, whether or not there is such a process here", async () => {
    const foreign = [lockOf({ host: "elsewhere" }), lockOf({ host: "elsewhere", pid: process.pid })];
    for (const file of foreign) {
      leave(file);
      const [pid] = /\d+/.exec(file) ?? [];
      await expect(lock(path)).rejects.toThrow(
        new RegExp(`found process ${pid} on elsewhere; wait for it, .*${file}$`),
      );
      expect(files()).toEqual([file]);
      unlinkSync(join(path, "..", file));
    }
  });

  it("is taken in spite of files of similar names, which stay", async () => {
    const others = [
      "run.checkpoint.lock", // as of --checkpoint yarn
      lockOf({ name: "run.checkpoint.2" }),
      lockOf({ name: "xrun.checkpoint" }),
      lockOf({ name: "runXcheckpoint" }),
      lockOf({ pid: 0 }),
      lockOf({ start: "" }),
      lockOf({ random: "0123456" }),
      lockOf({ host: "" }),
      `${lockOf({})}.gz`,
    ].sort();
    leave(...others);
    mkdirSync(join(path, "..", lockOf({})));
    symlinkSync("nowhere", join(path, "..", lockOf({ random: "89abcdef" })));
    const before = files();
    (await lock(path))();
    expect(files()).toEqual(before);
  });

  it("that is another's by now is not removed by who held it before", async () => {
    const release = await lock(path);
    unlinkSync(join(path, "..", locks()[0])); // as the message says that one may
    const taker = startTaker();
    await taker.ready;
    expect(await taker.take(path)).toBe("held");
    release();
    expect(locks()).toEqual([expect.stringContaining(`.${taker.pid}-`)]);
    await taker.end();
    expect(files()).toEqual([]);
  });

  it("in a folder where nothing can be written says so", async () => {
    await expect(lock("/proc/run.checkpoint")).rejects.toThrow(/expected to write this file, found ENOENT/);
  });
});

describe("of several takers at once", () => {
  it.each([3, 0, 1])("one gets the lock, where %i dead processes have left theirs", async (dead) => {
    const takers = [startTaker(), startTaker(), startTaker()];
    await Promise.all(takers.map(({ ready }) => ready));
    for (let round = 0; round < 10; round++) {
      const name = `run.checkpoint-${round}`;
      for (let i = 0; i < dead; i++) leave(lockOf({ name, pid: 2 ** 22 + 1 + i }));
      const outcomes = await Promise.all(takers.map(({ take }) => take(join(path, "..", name))));
      expect(outcomes.filter((outcome) => outcome === "held")).toHaveLength(1);
      const others = outcomes.filter((outcome) => outcome !== "held");
      for (const other of others) expect(other).toMatch(/^ConfigurationError: .* found process \d+;/);
      const holder = takers[outcomes.indexOf("held")];
      const left = files().filter((file) => file.startsWith(name));
      expect(left).toEqual([expect.stringContaining(`.${holder.pid}-`)]);
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
