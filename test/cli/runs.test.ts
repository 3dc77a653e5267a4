/** Tests runs from several seeds, stopping, gates and schedules from the command line, and flags that do not go together. */
import { describe, expect, it } from "vitest";
import { run } from "../fixtures/mini-mnist.js";
import { parse, small } from "../fixtures/run.js";

const SMALL = ["--json", "--epochs", "2", "--validation", "1000", "--train-size", "1000"];

/** Mean, standard deviation of the sample, least and largest, worked out plainly. */
function spread(values: number[]) {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
  return {
    count: values.length,
    mean,
    standardDeviation: deviation,
    worst: Math.min(...values),
    best: Math.max(...values),
  };
}

const close = (expected: ReturnType<typeof spread>) => ({
  ...expected,
  mean: expect.closeTo(expected.mean, 12),
  standardDeviation: expect.closeTo(expected.standardDeviation, 12),
});

describe("--runs", () => {
  it.each(["fast", "textbook"])(
    "trains what single runs of those seeds train, and sums them up (%s)",
    async (engine) => {
      const flags = [...SMALL, "--engine", engine];
      const { code, stdout } = await run([...flags, "--runs", "3", "--seed", "7"]);
      expect(code).toBe(0);
      const events = parse(stdout);
      expect(events[0]).toMatchObject({ event: "start", runs: 3, seed: 7 });
      const runs = events.filter(({ event }) => event === "run").sort((a, b) => a.seed - b.seed);
      expect(runs.map(({ seed }) => seed)).toEqual([7, 8, 9]);
      const byEpoch: number[][] = [[], []];
      for (const { seed, weightsSha256, accuracy } of runs) {
        const single = parse((await run([...flags, "--seed", `${seed}`])).stdout);
        expect(single.at(-1)).toMatchObject({ weightsSha256, accuracy });
        for (const epoch of [0, 1]) byEpoch[epoch].push(single[1 + epoch].accuracy);
      }
      const statistics = events.filter(({ event }) => event === "epochStatistics");
      expect(statistics).toEqual(
        byEpoch.map((values, i) => ({ event: "epochStatistics", epoch: i + 1, ...close(spread(values)) })),
      );
      const end = events.at(-1);
      expect(end).toMatchObject({ event: "end", status: "done", epochs: 2, weightsSha256: null });
      expect(end.statistics.accuracy).toEqual(close(spread(byEpoch[1])));
    },
  );

  it("prints a line a run, the epochs' spread and the final one", async () => {
    const { stdout } = await run(["--epochs", "2", "--validation", "1000", "--runs", "2"]);
    expect(stdout.match(/^Run of 2, seed [12] .*$/gm)).toHaveLength(2);
    expect(stdout).toMatch(/^Epoch 2\/2 {2}\d+\.\d\d % ± \d+\.\d\d, worst \d+\.\d\d %, best \d+\.\d\d %$/m);
    expect(stdout).toMatch(/^Final {4}\d+\.\d\d % ± \d+\.\d\d, worst .*, 2 runs$/m);
    expect(stdout).toMatch(/^Seed {5}1 to 2$/m);
  });

  it("ends all when one fails, and says why", async () => {
    const { code, stdout, stderr } = await run([...SMALL, "--runs", "3", "--activation", "relu", "--eta", "1e30"]);
    expect(code).toBe(4);
    expect(parse(stdout).at(-1)).toMatchObject({ event: "end", status: "diverged" });
    expect(stderr).toMatch(/^error: seed [123], epoch 1: expected finite weights/);
  });

  it("refuses seeds past the last one", async () => {
    const { code, stderr } = await run(["--runs", "2", "--seed", "4294967295"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/2 runs from seed 4294967295: expected seeds up to 4294967295/);
  });
});

describe("stopping and gates", () => {
  const last = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(["--json", "--validation", "1000", ...args]);
    return { code, stderr, events: parse(stdout), end: parse(stdout).at(-1) };
  };

  it("--monitor puts cost and accuracy of the parts into every epoch", async () => {
    const { events } = await last(
      ...["--epochs", "2", "--monitor", "test,training", "--cost", "cross-entropy", "--eta", "0.1"],
    );
    for (const { training, test, validation, accuracy } of events.slice(1, 3)) {
      expect(training).toEqual({
        correct: expect.any(Number),
        total: 3000,
        accuracy: expect.any(Number),
        cost: expect.any(Number),
      });
      expect(test.accuracy).toBe(accuracy);
      expect(validation).toBeUndefined();
    }
    expect(events[2].training.cost).toBeLessThan(events[1].training.cost);
  });

  it("--patience stops, and gives back the weights of the best epoch on validation", async () => {
    const { end, events } = await last("--epochs", "200", "--patience", "2", "--eta", "10");
    const validation = events.filter(({ event }) => event === "epoch").map(({ validation }) => validation.accuracy);
    const best = validation.indexOf(Math.max(...validation));
    expect(end).toMatchObject({ stoppedBy: "patience", epochs: best + 3, keptEpoch: best + 1, honestEpoch: best + 1 });
    expect(end.honestAccuracy).toBe(events[best + 1].accuracy);
    const { end: short } = await last("--epochs", `${best + 1}`, "--eta", "10");
    expect(short.weightsSha256).toBe(end.weightsSha256);
  });

  it("--target-accuracy stops as soon as it is reached", async () => {
    const { end, events } = await last("--target-accuracy", "80%");
    expect(end.stoppedBy).toBe("targetAccuracy");
    expect(end.accuracy).toBeGreaterThanOrEqual(0.8);
    for (const { accuracy } of events.slice(1, -2)) expect(accuracy).toBeLessThan(0.8);
  });

  it("--min-accuracy exits 5 when the honest figure is below, after the summary", async () => {
    const missed = await last("--epochs", "2", "--min-accuracy", "99%");
    expect(missed.code).toBe(5);
    expect(missed.end).toMatchObject({ status: "done", honestAccuracy: expect.any(Number) });
    expect(missed.stderr).toMatch(
      /^error: accuracy at the epoch chosen by validation: expected at least 99.00 % of the test images, found/,
    );
    expect((await last("--epochs", "2", "--min-accuracy", "50%")).code).toBe(0);
    const without = await last("--epochs", "1", "--min-accuracy", "99%", "--validation", "0");
    expect(without.stderr).toMatch(/^error: accuracy after the last epoch/m);
    expect(without.code).toBe(5);
  });

  it("--schedule plateau halves eta and ends the run, step shows in every epoch", async () => {
    const plateau = ["--schedule", "plateau", "--schedule-epochs", "1"];
    const { end, events } = await last("--epochs", "300", "--train-size", "500", ...plateau);
    expect(end.stoppedBy).toBe("schedule");
    expect(events.at(-2).eta).toBe(3 / 64);
    const step = await last(
      "--epochs",
      "3",
      "--schedule",
      "step",
      "--schedule-epochs",
      "2",
      "--schedule-factor",
      "0.25",
    );
    expect(step.events.slice(1, 4).map(({ eta }) => eta)).toEqual([3, 3, 0.75]);
  });

  // An epoch has one mini-batch. The rates are 1 + 2 (1 + cos(pi k / 4)) / 2, and 1 + 2 (1 - k / 4), for k from 0 to 3. With a warm-up of a half they rise
  // from 0.15 over 1.575 to 3, and fall over half of the way.
  it.each([
    ["cosine", [], [3, 2 + Math.SQRT1_2, 2, 2 - Math.SQRT1_2]],
    ["linear", [], [3, 2.5, 2, 1.5]],
    ["linear", ["--warmup", "50%"], [0.15, 1.575, 3, 2]],
  ])("--schedule %s %j shows the rate of each epoch's last mini-batch", async (schedule, more, expected) => {
    const { events } = await last(
      ...[
        "--epochs",
        "4",
        "--train-size",
        "100",
        "--batch-size",
        "100",
        "--schedule",
        schedule,
        "--eta-min",
        "1",
        ...more,
      ],
    );
    expect(events.slice(1, 5).map(({ eta }) => eta)).toEqual(expected.map((eta) => expect.closeTo(eta, 12)));
  });

  it("sets last, best and honest side by side", async () => {
    const { stdout } = await run(["--epochs", "3", "--validation", "1000", "--monitor", "validation"]);
    expect(stdout).toMatch(/^Epoch 3\/3 .* s {3}validation \d+\.\d\d %, cost [\d.]+$/m);
    expect(stdout).toMatch(
      /^Final .*\nBest .*flatters\)\nHonest {3}\d+\.\d\d % after epoch \d \(chosen by validation, .*honest\)$/m,
    );
  });
});

describe("a flag that has its default", () => {
  it.each([
    ["--warmup 0"],
    ["--warmup 0 --schedule step"],
    ["--warmup 0% --schedule plateau"],
    ["--augment-strength 1"],
    ["--augment-strength 1 --augment shifts"],
  ])("may be given where it has no effect: %s", async (flags) => {
    const { code, stderr } = await run([...small(), "--epochs", "1", ...flags.split(" ")]);
    expect(stderr).not.toMatch(/error/);
    expect(code).toBe(0);
  });
});

describe("flags that make no sense together", () => {
  it.each([
    [
      ["--cost", "log-likelihood"],
      /cost log-likelihood: expected output softmax, found output sigmoid; use output softmax, or cost quadratic or cross-entropy/,
    ],
    [
      ["--output", "softmax"],
      /cost quadratic: expected output sigmoid, found output softmax; use output sigmoid, or cost log-likelihood/,
    ],
    [["--schedule-epochs", "3"], /schedule epochs: expected schedule step or plateau, found schedule constant/],
    [
      ["--schedule", "cosine", "--schedule-factor", "0.7"],
      /schedule factor: expected schedule step or plateau, found schedule cosine/,
    ],
    [["--eta-min", "0.1"], /eta min: expected schedule linear or cosine, found schedule constant/],
    [["--warmup", "0.1"], /warmup: expected schedule linear or cosine, found schedule constant/],
    [["--warmup", "0.1", "--schedule", "step"], /warmup: expected schedule linear or cosine, found schedule step/],
    [
      ["--warmup", "0.1", "--schedule", "plateau"],
      /warmup: expected schedule linear or cosine, found schedule plateau/,
    ],
    [["--augment-strength", "2"], /augment strength: expected augment affine or elastic, found augment none/],
    [
      ["--augment-strength", "2", "--augment", "shifts"],
      /augment strength: expected augment affine or elastic, found augment shifts/,
    ],
    [["--schedule", "cosine", "--eta-min", "3"], /eta min: expected a number from 0 to below eta, 3, found 3/],
    [["--layers", "6,3", "--dropout", "0.5"], /dropout 0.5: expected a hidden layer, found layers 6,3/],
    [["--layers", "6,3", "--activation", "relu"], /activation relu: expected a hidden layer/],
    [["--validation", "0", "--patience", "3"], /patience or schedule plateau: expected validation images, found none/],
    [["--validation", "0", "--monitor", "validation"], /monitor validation: expected validation images, found none/],
    [["--engine", "textbook", "--threads", "2", "--runs", "2"], /threads 2: expected 1 thread/],
  ])("%j exits 2", async (args, message) => {
    const { code, stderr } = await run([...small(), ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
