/** Tests a run from the command line: what it prints, how it repeats, its mistakes and interruptions. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { folderOf, idx, tinySet } from "../fixtures/idx.js";
import { HAS_256 } from "../fixtures/kernel.js";
import { run, start } from "../fixtures/mini-mnist.js";
import { finished, parse } from "../fixtures/run.js";

const TINY = ["--layers", "6,4,3", "--validation", "0", "--batch-size", "2", "--epochs", "3"];
/** Anything below a space but the line feed, and DEL: what a stream that is no terminal must not get. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f]/;
const ON_MINI = ["--validation", "1000"];

describe("a run", () => {
  it("prints a line an epoch and a summary, no control character, and nothing on standard error", async () => {
    const { code, stdout, stderr } = await run([...TINY, "--data", folderOf(tinySet())]);
    expect(code).toBe(0);
    expect(stderr).not.toMatch(CONTROL);
    expect(stdout).not.toMatch(CONTROL);
    const lines = stdout.trimEnd().split("\n");
    expect(
      lines
        .slice(2, 5)
        .every((line, i) => line.match(`^Epoch ${i + 1}/3  [0-4] / 4   \\d+\\.\\d\\d %   \\d+\\.\\d\\d s$`)),
    ).toBe(true);
    expect(lines[0]).toMatch(
      HAS_256
        ? /^bp-train \d+\.\d+\.\d+ {2}6,4,3 {2}3 epochs, batch 2, eta 3, seed 1, fast, 256-bit$/
        : /^bp-train \d+\.\d+\.\d+ {2}6,4,3 {2}3 epochs, batch 2, eta 3, seed 1, fast$/,
    );
    expect(stdout).toMatch(/^Final .* % after epoch 3$/m);
    expect(stdout).toMatch(/^Best .*flatters/m);
    expect(stdout).toMatch(/^Seed +1$/m);
    expect(stdout).toMatch(/^Weights +SHA-256 [0-9a-f]{64}$/m);
  });

  it("as NDJSON is a start, an object an epoch and an end, with stable keys", async () => {
    const { code, stdout } = await run([...TINY, "--json", "--data", folderOf(tinySet())]);
    expect(code).toBe(0);
    const [first, ...rest] = parse(stdout);
    const last = rest.pop();
    expect(first).toEqual({
      event: "start",
      version: expect.any(String),
      schema: 2,
      layers: [6, 4, 3],
      epochs: 3,
      batchSize: 2,
      eta: 3,
      seed: 1,
      shuffle: true,
      engine: "fast",
      threads: 1,
      simd: HAS_256 ? 256 : 128,
      trainingExamples: 6,
      validationExamples: 0,
      testExamples: 4,
      activation: "sigmoid",
      output: "sigmoid",
      init: "gaussian",
      cost: "quadratic",
      schedule: "constant",
      augment: "none",
      augmentStrength: 1,
      lambda: 0,
      l1: 0,
      momentum: 0,
      dropout: 0,
      maxNorm: null,
      monitor: [],
      patience: null,
      runs: 1,
      preset: null,
      resumedEpochs: null,
      targetAccuracy: null,
      minAccuracy: null,
      scheduleEpochs: null,
      scheduleFactor: null,
      etaMin: null,
      warmup: null,
    });
    expect(rest.map(({ event, epoch }) => [event, epoch])).toEqual([1, 2, 3].map((epoch) => ["epoch", epoch]));
    for (const { correct, total, accuracy, trainSeconds, evaluateSeconds } of rest) {
      expect(accuracy).toBe(correct / total);
      expect(Math.min(trainSeconds, evaluateSeconds)).toBeGreaterThan(0);
    }
    const accuracies = rest.map(({ accuracy }) => accuracy);
    const { event: _, schema: _s, trainingExamples: _t, validationExamples: _v, testExamples: _e, ...settings } = first;
    expect(last).toEqual({
      event: "end",
      status: "done",
      epochs: 3,
      accuracy: accuracies[2],
      bestAccuracy: Math.max(...accuracies),
      bestEpoch: 1 + accuracies.indexOf(Math.max(...accuracies)),
      seconds: expect.any(Number),
      examplesPerSecond: expect.any(Number),
      weightsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      neverPredicted: expect.any(Array),
      error: null,
      seed: 1,
      stoppedBy: null,
      keptEpoch: 3,
      honestAccuracy: null,
      honestEpoch: null,
      validationAccuracy: null,
      presetResult: null,
      settings,
      statistics: null,
      monitored: {},
    });
  });

  it("repeats to the bit", async () => {
    const hash = async (...args: string[]) =>
      parse((await run(["--json", ...ON_MINI, "--epochs", "1", "--train-size", "2000", ...args])).stdout).at(-1)
        .weightsSha256;
    const first = await hash("--seed", "5");
    expect(await hash("--seed", "6")).not.toBe(first);
    for (const threads of ["1", "2", "3"]) expect(await hash("--seed", "5", "--threads", threads)).toBe(first);
  });

  it("quiet prints the summary alone", async () => {
    const data = ["--data", folderOf(tinySet())];
    expect((await run([...TINY, "-q", ...data])).stdout).toMatch(/^Final /);
    expect(parse((await run([...TINY, "-q", "--json", ...data])).stdout).map(({ event }) => event)).toEqual(["end"]);
  });

  it("prints the seed that it drew", async () => {
    const { stdout } = await run([...TINY, "--json", "--seed", "random", "--data", folderOf(tinySet())]);
    const [{ seed }] = parse(stdout);
    const { weightsSha256 } = parse(stdout).at(-1);
    const again = await run([...TINY, "--json", "--seed", `${seed}`, "--data", folderOf(tinySet())]);
    expect(parse(again.stdout).at(-1).weightsSha256).toBe(weightsSha256);
  });

  it("takes the data folder from BP_TRAIN_DATA, and --data before it", async () => {
    const env = { BP_TRAIN_DATA: folderOf(tinySet()) };
    expect((await run(TINY, { env })).code).toBe(0);
    const { code, stderr } = await run([...TINY, "--data", "nowhere"], { env });
    expect([code, stderr]).toEqual([3, expect.stringContaining("nowhere: expected a folder")]);
  });

  it("says which classes are never predicted, and why", async () => {
    // one training image each of the classes 1 and 2 among many of 0
    const labels = Uint8Array.from({ length: 200 }, (_, i) => Math.max(0, i - 197));
    const images = idx([200, 2, 3], new Uint8Array(1200).fill(9));
    const set = { ...tinySet(), "train-labels-idx1-ubyte": idx([200], labels), "train-images-idx3-ubyte": images };
    const { stdout, stderr } = await run([...TINY, "--json", "--data", folderOf(set)]);
    expect(stderr).toMatch(/^Note: classes 1, 2 are never predicted\. .*N\(0, 1\).*\n$/);
    expect(parse(stdout).at(-1).neverPredicted).toEqual([1, 2]);
  });
});

describe("what goes wrong", () => {
  it.each([
    [["--lyers", "784,10"], 2, /unknown option '--lyers'\n\(Did you mean --layers\?\)/],
    [["--epochs", "10abc"], 2, /option '-e, --epochs <n>' argument '10abc' is invalid. Expected a whole number from 1/],
    [["--epochs"], 2, /argument missing/],
    [["train"], 2, /unexpected argument 'train': .*a command before them: evaluate, .* bench/],
    [
      [...ON_MINI, "--layers", "100,30,10"],
      2,
      /expected 784 input neurons for images of 28x28, found 100; use 784,30,10/,
    ],
    [[...ON_MINI, "--layers", "784,30,9"], 2, /expected 10 output neurons or more for labels up to 9, found 9/],
    [[...ON_MINI, "--layers", "784,2000000000,10"], 2, /fit into this machine's/],
    [[...ON_MINI, "--batch-size", "3001"], 2, /1 to 3000, the training examples/],
    [["--validation", "4000"], 2, /below 4000, the number of training images, found 4000; hold out fewer/],
    [[...ON_MINI, "--train-size", "3001"], 2, /train size 3001: expected 1 to 3000/],
    [["--preset", "nope"], 2, /preset: expected one of the presets, found nope/],
    [["--init-from", "nope"], 3, /nope: expected a file, found none/],
    [["--resume", "nope"], 3, /nope: expected a file, found none/],
    [["--seed", "4294967295", "--runs", "2"], 2, /expected seeds up to 4294967295/],
    [["--engine", "textbook", "--threads", "2"], 2, /expected 1 thread/],
    [["--data", "check", "--bogus"], 2, /unknown option '--bogus'/],
    [["--data", "/no/such/folder"], 3, /\/no\/such\/folder: expected a folder .*found no such folder; .*npm install/],
    [["--data", "no\u001b[2Jsuch"], 3, /no\\x1b\[2Jsuch/],
    [["--ep\u001b[2Jochs"], 2, /unknown option '--ep\\x1b\[2Jochs'/],
  ])("%j exits %i", async (args, code, message) => {
    const result = await run(["--json", ...args]);
    expect([result.code, result.stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(result.stderr).toMatch(/^error: /);
    expect(result.stderr).not.toMatch(CONTROL);
    expect(result.stderr).not.toMatch(/\n {4}at /);
    expect(parse(result.stdout)).toMatchObject([
      { event: "end", status: "failed", epochs: 0, accuracy: null, error: expect.any(String) },
    ]);
  });

  it.each([
    [["--epochs", "10abc"]], // refused by the parser,
    [["--init-from", "nope"]], // while flags are filled in,
    [["--data", "/no/such/folder"]], // and by the run
  ])("%j says and exits the same with and without --json", async (args) => {
    const [human, json] = [await run(args), await run([...args, "--json"])];
    expect([human.code, human.stderr]).toEqual([json.code, json.stderr]);
  });
});

describe("a run that diverges", () => {
  it("exits 4 and says in which epoch, at which eta, and what to try", async () => {
    const { code, stdout, stderr } = await run([...ON_MINI, "--eta", "1e39", "--json"]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error: epoch 1: expected finite weights .* rate 1e\+39 is too large, try 1e\+38\n$/);
    expect(parse(stdout).map(({ event, status }) => [event, status])).toEqual([
      ["start", undefined],
      ["end", "diverged"],
    ]);
  });
});

describe("help", () => {
  it("opens with examples and shows every flag with its default", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Examples:\n {2}bp-train/);
    const flags =
      "layers epochs batch-size eta seed data validation train-size no-shuffle engine threads simd json quiet no-progress no-color";
    for (const flag of flags.split(" ")) {
      const text = stdout.slice(stdout.indexOf(`--${flag}`, stdout.indexOf("Options:"))).replace(/\s+/g, " ");
      expect(text.slice(0, 180)).toMatch(/default: /);
    }
  });

  it("gives the version of package.json", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("an interrupted run", () => {
  /** Starts a long run, and waits for its first epoch. */
  async function inFlight(...args: string[]) {
    const child = start([...ON_MINI, "--epochs", "10000", ...args]);
    const end = finished(child);
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (text: string) => /Epoch +1\/|"epoch":1,/.test(text) && resolve());
    });
    return { child, end };
  }

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("after %s sums up and exits %i", async (name, code) => {
    const { child, end } = await inFlight("--json");
    child.kill(name);
    const result = await end;
    expect(result).toMatchObject({
      code,
      signal: null,
      stderr: expect.stringMatching(new RegExp(`^${name}: stopping`)),
    });
    const last = parse(result.stdout).at(-1);
    expect(last).toMatchObject({ event: "end", status: "interrupted", accuracy: expect.any(Number), error: null });
    expect(last.epochs).toBeGreaterThan(0);
    expect(last.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("after a second SIGINT ends at once", async () => {
    // After an epoch's line the next mini-batch is in flight, for more than a second.
    const { child, end } = await inFlight("--layers", "784,1000,1000,10", "--batch-size", "3000", "--threads", "1");
    child.kill("SIGINT");
    await new Promise((resolve) => child.stderr.once("data", resolve));
    child.kill("SIGINT");
    const { code, signal, stdout } = await end;
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(stdout).toMatch(/^Final .* after epoch 1$/m);
    expect(stdout).not.toMatch(/^Weights/m); // which there are once the mini-batch is done
  });

  it("ends quietly when the reader of its output goes", async () => {
    const { child, end } = await inFlight();
    child.stdout.destroy();
    const { code, signal, stderr } = await end;
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
  });
});
