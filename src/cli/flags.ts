/**
 * The table of flags: every flag of every command, once. The commander options and the help, the types of what commands are given,
 * what the library is handed, what checkpoints and models keep, `start` and `end`, and a run's first line derive from it.
 */
import type { Option } from "commander";
import { PARTS, VALIDATION } from "../data/parts.js";
import { NETWORK_SETTINGS as NETWORK } from "../network/hyperparameters.js";
import { SEED } from "../network/seed.js";
import { listOf, setting, wholeNumber } from "../ranges.js";
import type { CheckName } from "../training/gradient-check.js";
import { TRAINING_SETTINGS as LIBRARY } from "../training/options.js";
import { type CommandName, type Flag, flag, group, optional, optionalPath, switchedOff, toOption } from "./flag.js";
import * as parse from "./parsers.js";

/** How much slower than a baseline a benchmark may be, unless --max-slowdown says otherwise. */
export const MAX_SLOWDOWN = 0.1;

/** How a hyperparameter is used, and one that is a number or a name. */
const HYPERPARAMETER = { commands: ["train", "bench", "check"], resume: "same", baseline: "same" } as const;
const NUMBER = { ...HYPERPARAMETER, say: "name and value" } as const;
const NAME = { ...HYPERPARAMETER, say: "value" } as const;
/** A setting of a run that bench and check do not take. */
const OF_A_RUN = { commands: ["train"], resume: "same" } as const;
const DISTORTION = { commands: ["train", "bench", "augment"], resume: "same", baseline: "same" } as const;
/** A flag of training that does not change what is computed. */
const FREE = { commands: ["train"], resume: "free" } as const;
const EVALUATE = { commands: ["evaluate"] } as const;
const PREDICT = { commands: ["predict"] } as const;
const BENCH = { commands: ["bench"] } as const;

/** The settings of a run: `start`, `end` and the first line of a run repeat them. */
const SETTINGS = {
  ...group("Network", {
    layers: flag(
      "-l, --layers <sizes>",
      "layer sizes, input first, separated by commas",
      { parse: parse.layerSizes, default: [784, 30, 10], defaultText: "784,30,10" },
      HYPERPARAMETER,
    ),
    activation: flag("--activation <name>", "activation function of the hidden neurons", NETWORK.activation, NAME),
    output: flag("--output <name>", "activation function of the output layer", NETWORK.output, NAME),
    init: flag("--init <name>", "distribution of the initial weights", NETWORK.init, {
      commands: ["train", "check"],
      resume: "same",
      say: (name) => `${name} start`,
    }),
  }),
  ...group("Training", {
    epochs: flag("-e, --epochs <n>", "number of epochs", LIBRARY.epochs, {
      ...OF_A_RUN,
      say: (n) => `${n} epoch${n === 1 ? "" : "s"}`,
      isAlwaysSaid: true,
    }),
    batchSize: flag("-b, --batch-size <m>", "mini-batch size", LIBRARY.batchSize, {
      ...NUMBER,
      say: (m) => `batch ${m}`,
      isAlwaysSaid: true,
    }),
    eta: flag("--eta <rate>", "learning rate", LIBRARY.eta, { ...NUMBER, baseline: undefined, isAlwaysSaid: true }),
    cost: flag("--cost <name>", "cost function", LIBRARY.cost, NAME),
    momentum: flag(
      "--momentum <mu>",
      "share of its velocity that a weight keeps from step to step",
      LIBRARY.momentum,
      NUMBER,
    ),
    schedule: flag("--schedule <name>", "how the learning rate changes during the run", LIBRARY.schedule, {
      ...OF_A_RUN,
      say: (name) => `${name} schedule`,
    }),
    scheduleEpochs: flag(
      "--schedule-epochs <n>",
      "step: number of epochs that each rate lasts; plateau: number of epochs to wait for an improvement",
      optional(LIBRARY.scheduleEpochs),
      OF_A_RUN,
    ),
    scheduleFactor: flag(
      "--schedule-factor <x>",
      "step and plateau: what the rate is multiplied by",
      optional(LIBRARY.scheduleFactor),
      OF_A_RUN,
    ),
    etaMin: flag(
      "--eta-min <rate>",
      "linear and cosine: the rate towards which it falls",
      optional(LIBRARY.etaMin),
      OF_A_RUN,
    ),
    warmup: flag(
      "--warmup <share>",
      "linear and cosine: share of the run during which the rate rises first, such as 0.1 or 10%",
      optional({ parse: parse.shareBelowAll }, "0"),
      { ...OF_A_RUN, say: (share) => `warm-up ${share}` },
    ),
  }),
  ...group("Distortions", {
    augment: flag(
      "--augment <kind>",
      "distort the training images, in each epoch anew: shifts by one pixel, affine distortions, or elastic and affine ones",
      LIBRARY.augment,
      { ...DISTORTION, say: (kind) => (kind === "shifts" ? kind : `${kind} distortions`) },
    ),
    augmentStrength: flag(
      "--augment-strength <x>",
      "affine and elastic: factor of the angle, scale and shear, and of the elastic displacements",
      LIBRARY.augmentStrength,
      { ...DISTORTION, say: (x) => `strength ${x}` },
    ),
  }),
  ...group("Regularisation", {
    lambda: flag("--lambda <x>", "L2 regularisation, the book's lambda", LIBRARY.lambda, NUMBER),
    l1: flag("--l1 <x>", "L1 regularisation, divided by n as lambda is", LIBRARY.l1, NUMBER),
    dropout: flag("--dropout <p>", "share of the hidden neurons that each example leaves out", LIBRARY.dropout, NUMBER),
    maxNorm: flag(
      "--max-norm <c>",
      "largest length of a neuron's vector of incoming weights",
      optional(LIBRARY.maxNorm, "none"),
      NUMBER,
    ),
  }),
  ...group("Runs", {
    preset: flag(
      "--preset <name>",
      "the flags of an experiment (see bp-train presets); a flag beside it wins",
      optional({ parse: (text) => text }, "none"),
      { ...OF_A_RUN, say: "name and value" },
    ),
    seed: flag(
      "--seed <n>",
      `${SEED.range.expected}; the same seed repeats the run; "random" draws one`,
      { parse: parse.seed, default: SEED.default },
      { commands: ["train", "check", "augment"], resume: "same" },
    ),
    runs: flag(
      "--runs <n>",
      "train n networks, from consecutive seeds, side by side",
      setting(1, wholeNumber(1, 10_000)),
      FREE,
    ),
    shuffle: flag(
      "--no-shuffle",
      "keep the training images in file order (default: a new random order in each epoch)",
      LIBRARY.shuffle,
      { ...OF_A_RUN, say: () => "not shuffled" },
    ),
  }),
  ...group("Watching and stopping", {
    monitor: flag(
      "--monitor <parts>",
      "cost and accuracy after each epoch on some of training,validation,test",
      optional({ parse: parse.parts }, "test accuracy alone"),
      OF_A_RUN,
    ),
    patience: flag(
      "--patience <n>",
      "stop after n epochs without a better validation accuracy, and keep the weights of the best epoch",
      optional(LIBRARY.patience, "never"),
      OF_A_RUN,
    ),
    targetAccuracy: flag(
      "--target-accuracy <p>",
      "stop as soon as the test accuracy reaches this, such as 97%",
      optional({ parse: parse.accuracy }, "never"),
      OF_A_RUN,
    ),
    minAccuracy: flag(
      "--min-accuracy <p>",
      "exit with code 5 if the honest accuracy is lower: the test accuracy of the epoch that did best on validation or, without validation, of the last epoch",
      optional({ parse: parse.accuracy }, "none"),
      OF_A_RUN,
    ),
  }),
  ...group("Engine", {
    engine: flag("--engine <name>", "fast: float32 SIMD; textbook: the book's loops in float64", LIBRARY.engine, {
      commands: ["train", "bench"],
      resume: "same",
      baseline: "same",
    }),
    threads: flag(
      "--threads <n>",
      "number of threads of the fast engine; it changes no result",
      { parse: parse.threads, default: "auto" as const },
      { commands: ["train", "bench", "check"], resume: "free", baseline: "same" },
    ),
    simd: flag(
      "--simd <width>",
      "width of the fast engine's SIMD instructions in bits: 128, 256 or auto; it changes no result",
      { parse: parse.simd, default: "auto" as const },
      { commands: ["train", "bench", "check"], resume: "free", baseline: "same" },
    ),
  }),
};

export const FLAGS = {
  ...SETTINGS,
  ...group("Files", {
    save: flag(
      "--save <file>",
      "write the model, as .safetensors or as the book's .json",
      optionalPath("do not write it"),
      FREE,
    ),
    initFrom: flag(
      "--init-from <model>",
      "start from the weights of a model file or checkpoint",
      optionalPath("random weights"),
      OF_A_RUN,
    ),
    checkpoint: flag("--checkpoint <file>", "write all that is needed to resume the run", optionalPath("none"), FREE),
    checkpointEvery: flag(
      "--checkpoint-every <epochs>",
      "number of epochs from one checkpoint to the next",
      optional(LIBRARY.checkpointEvery),
      FREE,
    ),
    resume: flag("--resume <file>", "continue the run of a checkpoint", optionalPath("start a new run"), FREE),
    force: flag("--force", "replace a file even if it is of another kind", switchedOff, {
      commands: ["train", "convert", "bench"],
      resume: "free",
    }),
  }),
  ...group("Data", {
    on: flag("--on <part>", "part of the data to evaluate on", setting("test", listOf(PARTS)), EVALUATE),
    data: flag("--data <dir>", "folder with the four IDX files, raw or .gz", optionalPath("MNIST, in the package"), {
      commands: ["train", "bench", "check", "evaluate", "predict", "augment"],
      resume: "free",
      env: "BP_TRAIN_DATA",
    }),
    validation: flag("--validation <n>", "hold out the last n training images for validation", VALIDATION, {
      commands: ["train", "bench", "check", "evaluate"],
      resume: "same",
    }),
    trainSize: flag(
      "--train-size <n>",
      "use only the first n of the other training images",
      optional({ parse: parse.wholeNumber(wholeNumber(1)) }, "all"),
      { commands: ["train", "evaluate"], resume: "same" },
    ),
  }),
  ...group("Images", {
    index: flag(
      "--index <list>",
      "numbers of images, from 0, separated by commas: predict takes test images, augment takes training images",
      optional({ parse: parse.indices }, "none; for augment, 0"),
      { commands: ["predict", "augment"] },
    ),
    count: flag(
      "--count <n>",
      "number of epochs, from the first one on, whose distortions are shown",
      setting(3, wholeNumber(1, 100)),
      { commands: ["augment"] },
    ),
  }),
  ...group("Checking", {
    break: flag(
      "--break <line>",
      "make one of the gradients wrong on purpose, to see the check fail",
      optional({ choices: ["BP1", "BP2", "BP3", "BP4", "step", "fast"] satisfies CheckName[] }, "none"),
      { commands: ["check"] },
    ),
  }),
  ...group("Comparison", {
    compareEngines: flag("--compare-engines", "time the other engine too", switchedOff, BENCH),
    relative: flag(
      "--relative",
      "time the textbook engine after each epoch too, and compare ratios of the times with the baseline: other programs change them less",
      switchedOff,
      BENCH,
    ),
    compareSimd: flag(
      "--compare-simd",
      "time the fast engine with 128-bit SIMD instructions, then with 256-bit ones",
      switchedOff,
      BENCH,
    ),
    saveBaseline: flag("--save-baseline <file>", "write the figures to a file", optionalPath("none"), BENCH),
    baseline: flag(
      "--baseline <file>",
      "exit with code 5 if slower than the figures in this file",
      optionalPath("none"),
      BENCH,
    ),
    maxSlowdown: flag(
      "--max-slowdown <share>",
      "how much slower than the baseline is allowed, such as 10% or 0.1",
      optional({ parse: parse.share }, `${100 * MAX_SLOWDOWN}%`),
      BENCH,
    ),
  }),
  ...group("Printing", {
    worst: flag("--worst <n>", "number of the worst mistakes to show", setting(10, wholeNumber(0)), EVALUATE),
    top: flag("--top <k>", "number of the best classes to show", optional(setting(1, wholeNumber(1))), PREDICT),
    show: flag("--show", "draw the images as the network sees them", switchedOff, {
      commands: ["predict", "augment"],
    }),
    json: flag("--json", "print NDJSON on standard output, and nothing else there", switchedOff, {
      commands: ["train", "bench", "check", "evaluate", "predict", "info", "presets", "augment"],
      resume: "free",
    }),
    quiet: flag("-q, --quiet", "print only the closing summary", switchedOff, FREE),
    progress: flag(
      "--no-progress",
      "draw no progress bar or status line (default: drawn where standard error is a terminal)",
      { default: true },
      { commands: ["train", "bench"], resume: "free" },
    ),
    color: flag(
      "--no-color",
      "use no colour (default: colour where the stream is a terminal)",
      { default: true },
      { commands: ["train", "bench", "check", "evaluate", "predict", "presets", "augment"], resume: "free" },
    ),
  }),
};

export type FlagName = keyof typeof FLAGS;
type Value<F> = F extends Flag<infer T, infer _> ? T : never;

/** The flags of a command, with their values or defaults. */
export type FlagsOf<C extends CommandName> = {
  [Name in FlagName as C extends (typeof FLAGS)[Name]["commands"][number] ? Name : never]: Value<(typeof FLAGS)[Name]>;
};
export type TrainFlags = FlagsOf<"train">;

/** The values of the settings of a run; null where nothing is set. */
export type SettingValues = {
  [Name in keyof typeof SETTINGS]: undefined extends Value<(typeof FLAGS)[Name]>
    ? NonNullable<Value<(typeof FLAGS)[Name]>> | null
    : Value<(typeof FLAGS)[Name]>;
};

/** The flags with a property, in the order of the table. */
export function flagsWith(has: (flag: Flag) => boolean): FlagName[] {
  return (Object.keys(FLAGS) as FlagName[]).filter((name) => has(FLAGS[name] as Flag));
}

export const SETTING_NAMES = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];

export function optionsOf(command: CommandName): Option[] {
  const names = flagsWith(({ commands }) => commands.includes(command));
  return names.map((name) => toOption(FLAGS[name] as Flag));
}

/** `--max-norm` for maxNorm. */
export function spellingOf(name: FlagName): string {
  return /--[a-z0-9-]+/.exec(FLAGS[name].spelling)?.[0] ?? name;
}
