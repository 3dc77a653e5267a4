/** Tests checkpoints, resumed runs and saved models from the command line. */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCheckpoint, writeCheckpoint } from "../../dist/model/checkpoint.js";
import { tinySet } from "../fixtures/idx.js";
import { expectToGoOn, LONG_RUNS } from "../fixtures/long-runs.js";
import { MINI, run, start } from "../fixtures/mini-mnist.js";
import { BIN, ENV, finished, parse } from "../fixtures/run.js";

const folder = mkdtempSync(join(tmpdir(), "bp-train-resume-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.checkpoint`);

const QUICK = ["--json", "--train-size", "2000", "--validation", "1000", "--epochs", "4"];
const endOf = async (args: string[]) => parse((await run(args)).stdout).at(-1);

describe("a run that is interrupted", () => {
  // The others are interrupted in slow/interrupt.test.ts, and all of them killed in slow/kill.test.ts.
  it.each([LONG_RUNS[2], LONG_RUNS[8]])("goes on to the same bits: %j", (...flags) => expectToGoOn(flags, newFile()));
});

/** A run that may write no file longer than 50 blocks. */
function limited(args: string[]) {
  const env = { ...ENV, BP_TRAIN_DATA: MINI };
  return finished(spawn("bash", ["-c", 'ulimit -f 50; exec "$@"', "bash", process.execPath, BIN, ...args], { env }));
}

/** The checkpoint and the model of a QUICK run. */
const CHECKPOINT = newFile();
const MODEL = join(folder, "quick.safetensors");
/** A data set, flags for it, and the checkpoint of such a run. */
const TINY = mkdtempSync(join(folder, "tiny-"));
const ON_TINY = ["--data", TINY, "--layers", "6,4,3", "--batch-size", "2", "--validation", "0", "--epochs", "2"];
const TINY_CHECKPOINT = newFile();
beforeAll(async () => {
  for (const [name, content] of Object.entries(tinySet())) writeFileSync(join(TINY, name), content);
  await run([...QUICK, "--checkpoint", CHECKPOINT, "--save", MODEL]);
  await run([...ON_TINY, "--checkpoint", TINY_CHECKPOINT]);
});

/** A copy of a file that may be changed. */
function copyOf(file: string): string {
  const copy = join(folder, `${++files}${extname(file)}`);
  copyFileSync(file, copy);
  return copy;
}

describe("--resume", () => {
  it("goes on to more epochs as if they had been planned", async () => {
    const end = await endOf(["--json", "--resume", CHECKPOINT, "--epochs", "6"]);
    expect(end.weightsSha256).toBe((await endOf([...QUICK, "--epochs", "6"])).weightsSha256);
  });

  it("of a run that is over gives its end again", async () => {
    const file = newFile();
    const { stdout } = await run([...QUICK, "--patience", "1", "--eta", "30", "--checkpoint", file]);
    const { seconds, examplesPerSecond, settings, ...expected } = parse(stdout).at(-1);
    const again = { ...expected, settings: { ...settings, resumedEpochs: expected.epochs } };
    expect(await endOf(["--json", "--resume", file])).toMatchObject(again);
  });

  it.each([
    [["--eta", "2"], /with --eta 3, found 2/],
    [["--layers", "784,31,10"], /with --layers 784,30,10, found 784,31,10/],
    [["--engine", "textbook"], /with --engine fast, found textbook/],
    [["--max-norm", "2"], /with --max-norm not given, found 2/],
    [["--warmup", "0.1"], /with --warmup not given, found 0.1/],
    [["--augment", "shifts"], /with --augment none, found shifts/],
    [["--augment-strength", "2"], /with --augment-strength 1, found 2/],
    [["--epochs", "3"], /with --epochs 4 or more, found 3/],
    [["--runs", "2"], /with one run, found --runs 2/],
    [["--no-shuffle"], /with the training images shuffled, found --no-shuffle/],
    [["--preset", "ch1-100"], /with --preset not given, found ch1-100/],
    [["--data", "other"], /on data with the SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}; give the same --data/],
  ])("with %j is another run, and refused", async (args, message) => {
    const other = args[0] === "--data" ? ["--data", otherMnist()] : args;
    const { code, stderr } = await run(["--resume", CHECKPOINT, ...other]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("with what it was begun with, or what changes no result, is the same run", async () => {
    expect((await run(["--resume", CHECKPOINT, "--eta", "3", "--threads", "2", "--json"])).code).toBe(0);
  });

  it.each(["linear", "cosine"])("may not have more epochs with the schedule %s", async (schedule) => {
    const file = newFile();
    await run([...QUICK, "--schedule", schedule, "--checkpoint", file]);
    const { code, stderr } = await run(["--resume", file, "--epochs", "5"]);
    expect(stderr).toMatch(`with --epochs 4, for which the ${schedule} schedule was laid out, found 5; leave the flag`);
    expect(code).toBe(2);
    expect((await run(["--resume", file, "--epochs", "4"])).code).toBe(0);
  });
});

/** MNIST with the first training label changed. */
function otherMnist(): string {
  const other = mkdtempSync(join(folder, "data-"));
  const mnist = new URL("../../data/", import.meta.url).pathname;
  for (const name of readdirSync(mnist).filter((name) => name.endsWith("-ubyte"))) {
    if (name !== "train-labels-idx1-ubyte") symlinkSync(join(mnist, name), join(other, name));
  }
  const labels = readFileSync(join(mnist, "train-labels-idx1-ubyte"));
  labels[8] = 9 - labels[8];
  writeFileSync(join(other, "train-labels-idx1-ubyte"), labels);
  return other;
}

describe("--checkpoint", () => {
  it("is refused to a second run while the first one writes it, and left to the next one", async () => {
    const file = newFile();
    const first = start([...QUICK, "--epochs", "10000", "--checkpoint", file]);
    await new Promise((resolve) => first.stdout.once("data", resolve));
    const second = await run([...QUICK, "--checkpoint", file]);
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(
      new RegExp(`expected a checkpoint file that no other run writes, found process ${first.pid}; wait`),
    );
    first.kill("SIGTERM");
    expect((await finished(first)).code).toBe(143);
    expect((await run([...QUICK, "--checkpoint", file])).code).toBe(0);
    expect(readdirSync(folder).filter((name) => name.includes(".lock") || name.endsWith(".part"))).toEqual([]);
  });

  it.each([
    ["text", "some notes", /expected no file there, or one of the kind that would replace it/],
    ["a model", undefined, /expected no file there/],
  ])("does not replace %s", async (_, content, message) => {
    const file = copyOf(MODEL);
    if (content !== undefined) writeFileSync(file, content);
    const before = readFileSync(file);
    const { code, stderr } = await run([...QUICK, "--checkpoint", file]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(readFileSync(file)).toEqual(before);
    expect((await run([...QUICK, "--checkpoint", file, "--force"])).code).toBe(0);
  });

  it.each([
    [["--checkpoint-every", "2"], /--checkpoint-every: expected a checkpoint, found none/],
    [["--checkpoint", "/nowhere/file"], /expected a file in a folder that can be written to, found no such folder/],
    [["--checkpoint", "x", "--runs", "2"], /--checkpoint: expected one run/],
    [["--checkpoint", "x.json", "--save", "./x.json"], /--save: expected another file than that of --checkpoint/],
  ])("with %j is refused before the data are read", async (args, message) => {
    const { code, stderr } = await run([...QUICK, ...args, "--data", "/nowhere"]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("that could not be read again is refused before training", async () => {
    const args = ["--epochs", "100000000", "--monitor", "training,validation,test", "--checkpoint", newFile()];
    const { code, stdout, stderr } = await run([...QUICK, ...args]);
    expect(stderr).toMatch(
      /a file of at most 2147483647 bytes, found 192\d{8}; use fewer neurons, epochs or monitored parts/,
    );
    expect(code).toBe(2);
    expect(parse(stdout).map(({ event }) => event)).toEqual(["end"]);
  });

  it("and a model are two files, whatever links lead to them", async () => {
    const real = mkdtempSync(join(folder, "real-"));
    symlinkSync(real, `${real}-link`);
    writeFileSync(join(real, "x.json"), "");
    symlinkSync("x.json", join(real, "y.json"));
    for (const [save, checkpoint] of [
      [join(real, "new.json"), join(`${real}-link`, "new.json")],
      [join(real, "x.json"), join(real, "y.json")],
    ]) {
      const { code, stderr } = await run([...QUICK, "--save", save, "--checkpoint", checkpoint, "--force"]);
      expect(stderr).toMatch(/--save: expected another file than that of --checkpoint/);
      expect(code).toBe(2);
    }
    expect(readdirSync(real).sort()).toEqual(["x.json", "y.json"]);
  });

  it("that no longer fits says so, keeps the last one, goes on, and exits 1 at the end", async () => {
    const file = copyOf(CHECKPOINT);
    const before = readFileSync(file);
    const { code, stdout, stderr } = await limited(["--resume", file, "--epochs", "6", "--json", "--checkpoint", file]);
    expect(stderr.match(/EFBIG.*; the last checkpoint is still there, the run goes on/g)).toHaveLength(2);
    expect(parse(stdout).at(-1)).toMatchObject({ status: "done", epochs: 6 });
    expect(code).toBe(1);
    expect(readFileSync(file)).toEqual(before);
  });
});

describe("a checkpoint that never fits", () => {
  it("is not said to be there", async () => {
    const file = newFile();
    const { stderr } = await limited([...QUICK, "--checkpoint", file]);
    expect(stderr).toMatch(/EFBIG.*; there is no checkpoint yet, the run goes on/);
    expect(stderr).not.toMatch(/still there/);
  });
});

describe("a checkpoint that is no longer whole", () => {
  it.each([
    [
      "cut short",
      (file: string) => truncateSync(file, statSync(file).size - 100),
      /expected \d+ bytes of data, found \d+/,
    ],
    ["longer", (file: string) => writeFileSync(file, "x", { flag: "a" }), /expected \d+ bytes of data, found \d+/],
    [
      "changed",
      (file: string) =>
        writeFileSync(
          file,
          readFileSync(file).map((byte, i, { length }) => (i === length - 4 ? byte ^ 1 : byte)),
        ),
      /the SHA-256 that the file promises, found another: the file was cut short or changed/,
    ],
    ["empty", (file: string) => truncateSync(file), /expected a checkpoint of bp-train, found an empty file/],
    [
      "of another format",
      (file: string) =>
        writeFileSync(
          file,
          readFileSync(file, "latin1").replace('"checkpointFormat":"3"', '"checkpointFormat":"2"'),
          "latin1",
        ),
      /expected a checkpoint of format 3, found a checkpoint of format 2; resume it with the version of bp-train that/,
    ],
  ])("%s is refused with one line", async (_, damage, message) => {
    const file = copyOf(TINY_CHECKPOINT);
    damage(file);
    const { code, stderr } = await run(["--resume", file, "--data", TINY]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(code).toBe(3);
  });
});

describe("a forged checkpoint", () => {
  it.each([
    [{ layers: "many" }, /expected a value of --layers, found many/],
    [{ layers: [6, 4, 4] }, /expected the state of a run of layers 6,4,4, found one of layers 6,4,3/],
    [{ eta: { toString: 1 } }, /expected a value of --eta, found {"toString":1}/],
    [{ eta: "2" }, /expected a value of --eta, found 2/],
    [{ epochs: undefined }, /expected a value of --epochs, found nothing/],
    [{ epochs: 1e300 }, /expected a value of --epochs, found 1e\+300/],
    [{ shuffle: "no" }, /expected a value of --shuffle, found no/],
    [{ activation: "constructor" }, /expected a value of --activation, found constructor/],
    [{ augment: "rotate" }, /expected a value of --augment, found rotate/],
    [{ augmentStrength: 11 }, /expected a value of --augment-strength, found 11/],
    [{ warmup: 2 }, /expected a value of --warmup, found 2/],
    [{ momentum: 0.5 }, /expected the state of a run with momentum 0.5/],
    [{ patience: 3 }, /expected the state of a run with patience 3/],
    [{ engine: "textbook" }, /expected float64, in which the textbook engine computes, found float32/],
    [{ trainSize: 5 }, /on data with the SHA-256/, 2], // it might be another run's
    [{}, /expected the state of a run on 6 training examples/],
  ])("whose flags say %j, or whose order is short, is refused with one line", async (flags, message, exitCode = 3) => {
    const file = copyOf(TINY_CHECKPOINT);
    const { state, ...checkpoint } = await readCheckpoint(file);
    const order = Object.keys(flags).length > 0 ? state.order : Uint32Array.of(4, 3, 2, 1, 0);
    const metadata = { ...checkpoint.metadata, options: { ...checkpoint.metadata.options, ...flags } };
    const forged = { ...checkpoint, metadata, state: { ...state, order } };
    await writeCheckpoint(file, forged);
    const { code, stderr } = await run(["--resume", file, "--data", TINY]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^error: /);
    expect(code).toBe(exitCode);
  });
});

describe("--save and --init-from", () => {
  it.each([".safetensors", ".json"])("keep every bit of a model as %s", async (ending) => {
    const file = join(folder, `${++files}${ending}`);
    const first = await endOf([...QUICK, "--save", file]);
    expect(await endOf(["info", file, "--json"])).toMatchObject({
      weightsSha256: first.weightsSha256,
      layers: [784, 30, 10],
    });
    const evaluation = await endOf(["evaluate", file, "--json"]);
    expect(evaluation.accuracy).toBe(first.accuracy);
    const next = await endOf([...QUICK, "--epochs", "1", "--init-from", file, "--seed", "5"]);
    expect(next.weightsSha256).not.toBe(first.weightsSha256);
    expect(next.accuracy).toBeGreaterThan(0.7); // one epoch on 2,000 images from chance comes to some 0.5
  });

  it("start from the current weights of a checkpoint", async () => {
    const from = (file: string) => endOf([...QUICK, "--epochs", "1", "--init-from", file, "--seed", "5"]);
    expect((await from(CHECKPOINT)).weightsSha256).toBe((await from(MODEL)).weightsSha256);
  });

  it("do not replace a checkpoint by a model", async () => {
    const file = join(folder, `${++files}.safetensors`);
    copyFileSync(CHECKPOINT, file);
    const { code, stderr } = await run([...QUICK, "--save", file, "--data", "/nowhere"]);
    expect(stderr).toMatch(/expected no file there, or one of the kind that would replace it/);
    expect(code).toBe(2);
    expect(readFileSync(file)).toEqual(readFileSync(CHECKPOINT));
  });

  it.each([
    [["--layers", "784,31,10"], /expected layers 784,31,10, found layers 784,30,10; leave --layers out/],
    [["--activation", "relu"], /expected activation relu, found activation sigmoid/],
    [["--init", "he"], /expected weights that start from it, found --init he/],
  ])("a model that contradicts %j is refused", async (args, message) => {
    const { code, stderr } = await run([...QUICK, "--init-from", MODEL, ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("refuse a form that cannot hold the network before training", async () => {
    const file = join(folder, "relu.json");
    const { code, stderr } = await run([...QUICK, "--activation", "relu", "--save", file, "--data", "/nowhere"]);
    expect(stderr).toMatch(/relu\.json: .*\.safetensors/);
    expect(code).toBe(2);
  });

  it("keep what a run has learned when it is interrupted", async () => {
    const file = join(folder, `${++files}.safetensors`);
    const child = start([...QUICK, "--epochs", "10000", "--save", file]);
    child.stdout.once("data", () => setTimeout(200).then(() => child.kill("SIGINT")));
    const { code, stdout } = await finished(child);
    expect(code).toBe(130);
    const { weightsSha256 } = await endOf(["info", file, "--json"]);
    expect(weightsSha256).toBe(parse(stdout).at(-1).weightsSha256);
  });
});
