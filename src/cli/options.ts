import { Option } from "commander";
import { PARTS } from "../data/parts.js";
import { ENGINES } from "../engines/engines.js";
import { ACTIVATIONS } from "../network/activation.js";
import { COSTS } from "../network/cost.js";
import { DEFAULTS } from "../network/hyperparameters.js";
import { INITS } from "../network/init.js";
import { OUTPUTS } from "../network/output.js";
import type { CheckName } from "../training/gradient-check.js";
import { SCHEDULE_DEFAULTS, SCHEDULES } from "../training/schedule.js";
import * as parse from "./parsers.js";

const names = (table: object) => Object.keys(table);

/** Every option once, with its default, range and parser. */
const option = {
  preset: () => new Option("--preset <name>", "flags of an experiment; a flag beside it wins (bp-train presets)"),

  layers: () =>
    new Option("-l, --layers <sizes>", "neurons a layer, comma-separated, input first")
      .default([784, 30, 10], "784,30,10")
      .argParser(parse.layerSizes),
  activation: () =>
    new Option("--activation <name>", "of hidden neurons").default("sigmoid").choices(names(ACTIVATIONS)),
  output: () => new Option("--output <name>", "of the output layer").default("sigmoid").choices(names(OUTPUTS)),
  init: () => new Option("--init <name>", "how the weights start").default("gaussian").choices(names(INITS)),
  initFrom: () =>
    new Option("--init-from <model>", "start from the weights of a model file (default: drawn at random)").argParser(
      parse.notEmpty,
    ),

  epochs: () =>
    new Option("-e, --epochs <n>", "passes over the training images").default(30).argParser(parse.wholeNumber(1)),
  batchSize: () =>
    new Option("-b, --batch-size <m>", "examples a mini-batch")
      .default(DEFAULTS.batchSize)
      .argParser(parse.wholeNumber(1)),
  eta: () => new Option("--eta <rate>", "learning rate").default(3).argParser(parse.positiveNumber),
  cost: () => new Option("--cost <name>", "what is minimised").default(DEFAULTS.cost).choices(names(COSTS)),
  schedule: () =>
    new Option("--schedule <name>", "how eta changes from epoch to epoch")
      .default("constant")
      .choices(names(SCHEDULES)),
  scheduleEpochs: () =>
    new Option(
      "--schedule-epochs <n>",
      `step: each rate lasts n epochs; plateau: n without improvement (default: ${SCHEDULE_DEFAULTS.scheduleEpochs})`,
    ).argParser(parse.wholeNumber(1)),
  scheduleFactor: () =>
    new Option(
      "--schedule-factor <x>",
      `step, plateau: what eta is multiplied by (default: ${SCHEDULE_DEFAULTS.scheduleFactor})`,
    ).argParser(parse.betweenZeroAndOne),
  etaMin: () =>
    new Option("--eta-min <rate>", `cosine: where eta would end (default: ${SCHEDULE_DEFAULTS.etaMin})`).argParser(
      parse.numberFromZero,
    ),
  seed: () =>
    new Option("--seed <n>", `0 to ${parse.MAX_SEED}; the same seed repeats the run; "random" draws one`)
      .default(1)
      .argParser(parse.seed),
  noShuffle: () =>
    new Option("--no-shuffle", "keep the training images in file order (default: a new order each epoch)"),
  runs: () =>
    new Option("--runs <n>", "train n networks, from consecutive seeds, side by side where cores allow")
      .default(1)
      .argParser(parse.wholeNumber(1, 10_000)),

  lambda: () =>
    new Option("--lambda <x>", "L2 regularisation, the book's lambda")
      .default(DEFAULTS.lambda)
      .argParser(parse.numberFromZero),
  l1: () =>
    new Option("--l1 <x>", "L1 regularisation, scaled like lambda")
      .default(DEFAULTS.l1)
      .argParser(parse.numberFromZero),
  momentum: () =>
    new Option("--momentum <mu>", "share of its velocity that a weight keeps")
      .default(DEFAULTS.momentum)
      .argParser(parse.belowOne),
  dropout: () =>
    new Option("--dropout <p>", "share of hidden neurons that each example leaves out")
      .default(DEFAULTS.dropout)
      .argParser(parse.belowOne),
  maxNorm: () =>
    new Option(
      "--max-norm <c>",
      "the greatest length of a neuron's vector of incoming weights (default: none)",
    ).argParser(parse.positiveNumber),

  monitor: () =>
    new Option(
      "--monitor <parts>",
      "cost and accuracy after each epoch on some of training,validation,test (default: test accuracy alone)",
    ).argParser(parse.parts),
  patience: () =>
    new Option(
      "--patience <n>",
      "stop after n epochs without a better validation accuracy, keep the best epoch's weights (default: never)",
    ).argParser(parse.wholeNumber(1)),
  targetAccuracy: () =>
    new Option("--target-accuracy <p>", "stop as soon as the test accuracy reaches this (default: never)").argParser(
      parse.accuracy,
    ),
  minAccuracy: () =>
    new Option(
      "--min-accuracy <p>",
      "exit 5 if the test accuracy, at the epoch chosen by validation, is lower (default: none)",
    ).argParser(parse.accuracy),

  data: () =>
    new Option("--data <dir>", "folder with the four IDX files, raw or .gz (default: MNIST, in the package)")
      .env("BP_TRAIN_DATA")
      .argParser(parse.notEmpty),
  validation: () =>
    new Option("--validation <n>", "hold out the last n training images")
      .default(10_000)
      .argParser(parse.wholeNumber(0)),
  trainSize: () =>
    new Option("--train-size <n>", "use only the first n of the rest (default: all)").argParser(parse.wholeNumber(1)),

  engine: () =>
    new Option("--engine <name>", "what computes: float32 SIMD, or the book's loops in float64")
      .default("fast")
      .choices(names(ENGINES)),
  threads: () =>
    new Option("--threads <n>", "of the fast engine; never changes a result").default("auto").argParser(parse.threads),

  compareEngines: () => new Option("--compare-engines", "time the textbook engine too").default(false),
  saveBaseline: () =>
    new Option("--save-baseline <file>", "keep the figures in a file (default: keep none)").argParser(parse.notEmpty),
  baseline: () =>
    new Option("--baseline <file>", "exit 5 if slower than the figures in it (default: none)").argParser(
      parse.notEmpty,
    ),
  maxSlowdown: () =>
    new Option("--max-slowdown <share>", "how much slower is allowed, such as 10% or 0.1")
      .default(0.1, "10%")
      .argParser(parse.share),
  save: () =>
    new Option("--save <file>", "keep the model, as .safetensors or the book's .json (default: keep none)").argParser(
      parse.notEmpty,
    ),
  checkpoint: () =>
    new Option("--checkpoint <file>", "keep all that is needed to resume the run (default: keep nothing)").argParser(
      parse.notEmpty,
    ),
  checkpointEvery: () =>
    new Option("--checkpoint-every <epochs>", "epochs from one checkpoint to the next (default: 1)").argParser(
      parse.wholeNumber(1),
    ),
  resume: () =>
    new Option("--resume <file>", "go on with the run of a checkpoint (default: start a new run)").argParser(
      parse.notEmpty,
    ),
  force: () => new Option("--force", "replace a file of another kind").default(false),
  break: () =>
    new Option(
      "--break <line>",
      "spoil one of the gradients on purpose, to see the check fail (default: none)",
    ).choices(["BP1", "BP2", "BP3", "BP4", "step", "fast"] satisfies CheckName[]),

  on: () => new Option("--on <part>", "which data to evaluate on").default("test").choices(PARTS),
  worst: () =>
    new Option("--worst <n>", "how many of the worst mistakes to show").default(10).argParser(parse.wholeNumber(0)),
  index: () =>
    new Option("--index <list>", "test images by number, from 0, comma-separated (default: none)").argParser(
      parse.indices,
    ),
  top: () =>
    new Option("--top <k>", "how many of the best classes to show (default: the best)").argParser(parse.wholeNumber(1)),
  show: () => new Option("--show", "draw the image as the network sees it").default(false),

  json: () => new Option("--json", "print NDJSON on standard output, and nothing else there").default(false),
  quiet: () => new Option("-q, --quiet", "print only the closing summary").default(false),
  noProgress: () =>
    new Option("--no-progress", "draw no progress bar (default: one where standard error is a terminal)"),
  noColor: () => new Option("--no-color", "use no colour (default: colour where the stream is a terminal)"),
};

/** Options in the order of a command's help, by its headings. */
function grouped(groups: Record<string, (keyof typeof option)[]>): Option[] {
  return Object.entries(groups).flatMap(([heading, names]) =>
    names.map((name) => option[name]().helpGroup(`${heading}:`)),
  );
}

/** The options of each command, by its name; that of `bp-train` itself is training. */
export const OPTIONS = {
  train: () =>
    grouped({
      Network: ["layers", "activation", "output", "init", "initFrom"],
      Training: [
        ...(["epochs", "batchSize", "eta", "cost", "schedule", "scheduleEpochs", "scheduleFactor", "etaMin"] as const),
        ...(["seed", "noShuffle", "runs", "preset"] as const),
      ],
      Regularisation: ["lambda", "l1", "momentum", "dropout", "maxNorm"],
      Files: ["save", "checkpoint", "checkpointEvery", "resume", "force"],
      "Watching and stopping": ["monitor", "patience", "targetAccuracy", "minAccuracy"],
      Data: ["data", "validation", "trainSize"],
      Engine: ["engine", "threads"],
      Printing: ["json", "quiet", "noProgress", "noColor"],
    }),
  bench: () =>
    grouped({
      Network: ["layers", "activation", "output"],
      Training: ["batchSize", "eta", "cost", "lambda", "l1", "momentum", "dropout", "maxNorm"],
      Data: ["data", "validation"],
      Engine: ["engine", "threads", "compareEngines"],
      Comparison: ["saveBaseline", "baseline", "maxSlowdown", "force"],
      Printing: ["json", "noColor"],
    }),
  check: () =>
    grouped({
      Network: ["layers", "activation", "output", "init", "seed"],
      Training: ["batchSize", "eta", "cost", "lambda", "l1", "momentum", "dropout", "maxNorm"],
      Data: ["data", "validation"],
      Checking: ["threads", "break"],
      Printing: ["json", "noColor"],
    }),
  presets: () => grouped({ Printing: ["json", "noColor"] }),
  evaluate: () => grouped({ Data: ["on", "data", "validation", "trainSize"], Printing: ["worst", "json", "noColor"] }),
  predict: () => grouped({ Images: ["index", "data"], Printing: ["top", "show", "json", "noColor"] }),
  convert: () => grouped({ Files: ["force"] }),
  info: () => grouped({ Printing: ["json"] }),
};
