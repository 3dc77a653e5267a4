/** Tests the table of flags, and how the options of the command line are parsed. */
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { KEPT_FLAGS } from "../../dist/cli/flag-values.js";
import { FLAGS, flagsWith, optionsOf, spellingOf, type TrainFlags } from "../../dist/cli/flags.js";

delete process.env.BP_TRAIN_DATA; // else --data has a default

function flags(...args: string[]): TrainFlags {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  for (const option of optionsOf("train")) command.addOption(option);
  return command.parse(args, { from: "user" }).opts();
}

describe("the table of flags", () => {
  const spellings = (names: Parameters<typeof spellingOf>[0][]) => names.map(spellingOf).sort().join(" ");

  // Written out once more: a flag that a resumed run need not keep would let it end with other bits, without a word.
  it("says which flags a resumed run keeps", () => {
    const kept =
      "--activation --augment --augment-strength --batch-size --cost --dropout --engine --epochs --eta --eta-min --init --init-from --l1 --lambda --layers " +
      "--max-norm --min-accuracy --momentum --monitor --no-shuffle --output --patience --preset --schedule --schedule-epochs " +
      "--schedule-factor --seed --target-accuracy --train-size --validation --warmup";
    expect(spellings(KEPT_FLAGS)).toBe(kept);
  });

  it("says in which flags a baseline must agree", () => {
    const compared =
      "--activation --augment --augment-strength --batch-size --cost --dropout --engine --l1 --lambda --layers --max-norm --momentum --output --simd --threads";
    expect(spellings(flagsWith(({ baseline }) => baseline === "same"))).toBe(compared);
  });

  it("gives each flag a spelling of its own, and a default or words for it in the help", () => {
    const options = Object.entries(FLAGS).map(([, { spelling }]) => spelling);
    expect(new Set(options).size).toBe(options.length);
    for (const flag of Object.values(FLAGS)) {
      const hasDefault = flag.default !== undefined || flag.defaultText !== undefined;
      expect([flag.spelling, hasDefault || flag.about.includes("(default: ")]).toEqual([flag.spelling, true]);
    }
  });
});

describe("options", () => {
  it("have the book's defaults", () => {
    expect(flags()).toEqual({
      layers: [784, 30, 10],
      epochs: 30,
      batchSize: 10,
      eta: 3,
      seed: 1,
      validation: 10_000,
      shuffle: true,
      activation: "sigmoid",
      output: "sigmoid",
      init: "gaussian",
      cost: "quadratic",
      schedule: "constant",
      augment: "none",
      augmentStrength: 1,
      runs: 1,
      lambda: 0,
      l1: 0,
      momentum: 0,
      dropout: 0,
      engine: "fast",
      threads: "auto",
      simd: "auto",
      json: false,
      quiet: false,
      progress: true,
      color: true,
      force: false,
    });
  });

  it.each([
    ["--layers", "784,10", { layers: [784, 10] }],
    ["-l", "1,2,3,4", { layers: [1, 2, 3, 4] }],
    ["-e", "1", { epochs: 1 }],
    ["--epochs", "007", { epochs: 7 }],
    ["-b", "64", { batchSize: 64 }],
    ["--eta", ".5", { eta: 0.5 }],
    ["--eta", "1e-3", { eta: 0.001 }],
    ["--eta", "+2.", { eta: 2 }],
    ["--seed", "0", { seed: 0 }],
    ["--seed", "4294967295", { seed: 4294967295 }],
    ["--validation", "0", { validation: 0 }],
    ["--train-size", "1000", { trainSize: 1000 }],
    ["--engine", "textbook", { engine: "textbook" }],
    ["--threads", "2", { threads: 2 }],
    ["--threads", "auto", { threads: "auto" }],
    ["--simd", "auto", { simd: "auto" }],
    ["--simd", "256", { simd: 256 }],
    ["--data", "some/where", { data: "some/where" }],
    ["--activation", "relu", { activation: "relu" }],
    ["--output", "softmax", { output: "softmax" }],
    ["--cost", "log-likelihood", { cost: "log-likelihood" }],
    ["--init", "he", { init: "he" }],
    ["--lambda", "5", { lambda: 5 }],
    ["--l1", "0", { l1: 0 }],
    ["--momentum", "0.9", { momentum: 0.9 }],
    ["--dropout", ".5", { dropout: 0.5 }],
    ["--max-norm", "3", { maxNorm: 3 }],
    ["--schedule", "plateau", { schedule: "plateau" }],
    ["--schedule-epochs", "3", { scheduleEpochs: 3 }],
    ["--schedule-factor", "0.1", { scheduleFactor: 0.1 }],
    ["--eta-min", "0.01", { etaMin: 0.01 }],
    ["--schedule", "linear", { schedule: "linear" }],
    ["--warmup", "0.1", { warmup: 0.1 }],
    ["--warmup", "10%", { warmup: 0.1 }],
    ["--warmup", "0", { warmup: 0 }],
    ["--augment", "none", { augment: "none" }],
    ["--augment", "shifts", { augment: "shifts" }],
    ["--augment", "affine", { augment: "affine" }],
    ["--augment", "elastic", { augment: "elastic" }],
    ["--augment-strength", "1.2", { augmentStrength: 1.2 }],
    ["--augment-strength", "0", { augmentStrength: 0 }],
    ["--augment-strength", "10", { augmentStrength: 10 }],
    ["--monitor", "test,training", { monitor: ["training", "test"] }],
    ["--patience", "10", { patience: 10 }],
    ["--target-accuracy", "97%", { targetAccuracy: 0.97 }],
    ["--min-accuracy", "0.95", { minAccuracy: 0.95 }],
    ["--runs", "5", { runs: 5 }],
  ])("%s %s", (flag, value, expected) => {
    expect(flags(flag, value)).toMatchObject(expected);
  });

  it.each([
    ["--no-shuffle", { shuffle: false }],
    ["--json", { json: true }],
    ["-q", { quiet: true }],
  ] as const)("%s", (flag, expected) => {
    expect(flags(flag)).toMatchObject(expected);
  });

  it("draws a seed when asked for a random one", () => {
    const seeds = [flags("--seed", "random"), flags("--seed", "random")].map(({ seed }) => seed);
    for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed <= 4294967295).toBe(true);
    expect(seeds[0]).not.toBe(seeds[1]); // equal once in 4 billion
  });

  const bad: Record<string, string[]> = {
    "--layers": [
      "",
      "784",
      "784,",
      ",10",
      "784,,10",
      "784,0,10",
      "784,-3,10",
      "784,3.5,10",
      "784, 30,10",
      "a,b",
      "784;30",
      "784,1e2",
    ],
    "--epochs": ["", "0", "-1", "10abc", "1.5", "1e1", "0x10", " 3", "Infinity", "NaN", "2147483648"],
    "--batch-size": ["", "0", "ten", "1_000"],
    "--eta": ["", "0", "-1", "abc", "1e", "3x", "NaN", "Infinity", "1e400", "0x1", "1,5", "1 "],
    "--seed": ["", "-1", "4294967296", "1.5", "Random", "1e3"],
    "--validation": ["", "-1", "1.5", "all"],
    "--train-size": ["", "0", "x"],
    "--engine": ["", "fastest"],
    "--threads": ["", "0", "65", "1.5", "two"],
    "--simd": ["", "64", "256.0", "0256x", "avx2"],
    "--schedule": ["", "Linear", "exponential"],
    "--warmup": ["", "-0.1", "10", "101%", "0.1x", "NaN"],
    "--augment": ["", "Elastic", "rotate", "toString"],
    "--augment-strength": ["", "-1", "10.5", "strong", "NaN", "Infinity"],
    "--data": [""],
  };
  it.each(Object.entries(bad).flatMap(([flag, values]) => values.map((value) => [flag, value])))(
    "refuses %s '%s'",
    (flag, value) => {
      expect(() => flags(flag, value)).toThrow(`argument '${value}' is invalid. `);
    },
  );
});
