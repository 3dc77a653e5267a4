import { randomInt } from "node:crypto";
import { InvalidArgumentError, Option } from "commander";
import { PARTS, type Part } from "../data/dataset.js";
import { ENGINES, type EngineName, MAX_THREADS } from "../training/engine.js";

/** What `bp-train` is asked to do: every flag of training with its value or default. */
export interface TrainFlags {
  layers: number[];
  epochs: number;
  batchSize: number;
  eta: number;
  seed: number;
  data?: string;
  validation: number;
  trainSize?: number;
  shuffle: boolean;
  engine: EngineName;
  threads: Threads;
  json: boolean;
  quiet: boolean;
  progress: boolean;
  color: boolean;
}

/** What `bp-train bench` is asked to do. */
export interface BenchFlags {
  layers: number[];
  batchSize: number;
  data?: string;
  validation: number;
  engine: EngineName;
  threads: Threads;
  compareEngines: boolean;
  saveBaseline?: string;
  baseline?: string;
  maxSlowdown: number;
  json: boolean;
  color: boolean;
}

/** What `bp-train evaluate` is asked to do, the model apart. */
export interface EvaluateFlags {
  on: Part;
  data?: string;
  validation: number;
  trainSize?: number;
  worst: number;
  json: boolean;
  color: boolean;
}

/** What `bp-train predict` is asked to do, the model and the images apart. */
export interface PredictFlags {
  index?: number[];
  data?: string;
  top?: number;
  show: boolean;
  json: boolean;
  color: boolean;
}

export type Threads = number | "auto";

const MAX_COUNT = 2 ** 31 - 1;
/** Seeds are unsigned 32-bit integers. (Not imported from `Random`: --help should not load a generator.) */
const MAX_SEED = 2 ** 32 - 1;

/** Every option once, with its default, range and parser. */
const option = {
  layers: () =>
    new Option("-l, --layers <sizes>", "neurons a layer, comma-separated, input first")
      .default([784, 30, 10], "784,30,10")
      .argParser(layerSizes),
  epochs: () => new Option("-e, --epochs <n>", "passes over the training images").default(30).argParser(wholeNumber(1)),
  batchSize: () => new Option("-b, --batch-size <m>", "examples a mini-batch").default(10).argParser(wholeNumber(1)),
  eta: () => new Option("--eta <rate>", "learning rate").default(3).argParser(positiveNumber),
  seed: () =>
    new Option("--seed <n>", `0 to ${MAX_SEED}; the same seed repeats the run; "random" draws one`)
      .default(1)
      .argParser(seed),
  data: () =>
    new Option("--data <dir>", "folder with the four IDX files, raw or .gz (default: MNIST, in the package)")
      .env("BP_TRAIN_DATA")
      .argParser(notEmpty),
  validation: () =>
    new Option("--validation <n>", "hold out the last n training images").default(10_000).argParser(wholeNumber(0)),
  trainSize: () =>
    new Option("--train-size <n>", "use only the first n of the rest (default: all)").argParser(wholeNumber(1)),
  noShuffle: () =>
    new Option("--no-shuffle", "keep the training images in file order (default: a new order each epoch)"),
  engine: () =>
    new Option("--engine <name>", "what computes: float32 SIMD, or the book's loops in float64")
      .default("fast")
      .choices(ENGINES),
  threads: () =>
    new Option("--threads <n>", "of the fast engine; never changes a result").default("auto").argParser(threads),
  compareEngines: () => new Option("--compare-engines", "time the textbook engine too").default(false),
  saveBaseline: () =>
    new Option("--save-baseline <file>", "keep the figures in a file (default: keep none)").argParser(notEmpty),
  baseline: () =>
    new Option("--baseline <file>", "exit 5 if slower than the figures in it (default: none)").argParser(notEmpty),
  maxSlowdown: () =>
    new Option("--max-slowdown <share>", "how much slower is allowed, such as 10% or 0.1")
      .default(0.1, "10%")
      .argParser(share),
  on: () => new Option("--on <part>", "which data to answer").default("test").choices(PARTS),
  worst: () =>
    new Option("--worst <n>", "how many of the worst mistakes to show").default(10).argParser(wholeNumber(0)),
  index: () =>
    new Option("--index <list>", "test images by number, from 0, comma-separated (default: none)").argParser(indices),
  top: () =>
    new Option("--top <k>", "how many of the best classes to show (default: the best)").argParser(wholeNumber(1)),
  show: () => new Option("--show", "draw the image as the network sees it").default(false),
  json: () => new Option("--json", "print NDJSON on standard output, and nothing else there").default(false),
  quiet: () => new Option("-q, --quiet", "print only the closing summary").default(false),
  noProgress: () =>
    new Option("--no-progress", "draw no progress bar (default: one where standard error is a terminal)"),
  noColor: () => new Option("--no-color", "use no colour (default: colour where the stream is a terminal)"),
};

/** The options of `bp-train`, in the order of its help. */
export function trainOptions(): Option[] {
  const { layers, epochs, batchSize, eta, seed, data, validation, trainSize, noShuffle, engine, threads } = option;
  const { json, quiet, noProgress, noColor } = option;
  const order = [layers, epochs, batchSize, eta, seed, data, validation, trainSize, noShuffle, engine, threads];
  return [...order, json, quiet, noProgress, noColor].map((make) => make());
}

/** The options of `bp-train bench`, in the order of its help. */
export function benchOptions(): Option[] {
  const { layers, batchSize, data, engine, threads, compareEngines, saveBaseline, baseline, maxSlowdown } = option;
  const order = [
    layers,
    batchSize,
    data,
    option.validation,
    engine,
    threads,
    compareEngines,
    saveBaseline,
    baseline,
    maxSlowdown,
  ];
  return [...order, option.json, option.noColor].map((make) => make());
}

/** The options of `bp-train evaluate`, in the order of its help. */
export function evaluateOptions(): Option[] {
  const { on, data, validation, trainSize, worst, json, noColor } = option;
  return [on, data, validation, trainSize, worst, json, noColor].map((make) => make());
}

/** The options of `bp-train predict`, in the order of its help. */
export function predictOptions(): Option[] {
  const { index, data, top, show, json, noColor } = option;
  return [index, data, top, show, json, noColor].map((make) => make());
}

function wholeNumber(min: number, max = MAX_COUNT): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!DECIMAL.test(text) || value <= 0 || value === Number.POSITIVE_INFINITY) {
    throw new InvalidArgumentError("Expected a number above 0, such as 3, 0.5 or 1e-3.");
  }
  return value;
}

const DECIMAL = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A fraction as `0.95` or `95%`. A bare 95 could mean either, and is refused. */
function share(text: string): number {
  const value = text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!DECIMAL.test(text.replace(/%$/, "")) || value > 1) {
    const bare = DECIMAL.test(text) ? ` Did you mean ${text}% or ${Number(text) / 100}?` : "";
    throw new InvalidArgumentError(`Expected a share from 0% to 100%, such as 10% or 0.1.${bare}`);
  }
  return value;
}

function layerSizes(text: string): number[] {
  const sizes = text.split(",");
  const size = wholeNumber(1);
  try {
    if (sizes.length >= 2) return sizes.map(size);
  } catch {}
  throw new InvalidArgumentError(
    `Expected two or more whole numbers from 1 to ${MAX_COUNT}, separated by commas without spaces, such as 784,30,10.`,
  );
}

function indices(text: string): number[] {
  try {
    return text.split(",").map(wholeNumber(0));
  } catch {
    throw new InvalidArgumentError(
      "Expected whole numbers from 0, separated by commas without spaces, such as 0 or 0,7.",
    );
  }
}

function seed(text: string): number {
  return text === "random" ? randomInt(MAX_SEED + 1) : numberOr("random", 0, MAX_SEED)(text);
}

function threads(text: string): Threads {
  return text === "auto" ? text : numberOr("auto", 1, MAX_THREADS)(text);
}

function numberOr(word: string, min: number, max: number): (text: string) => number {
  return (text) => {
    try {
      return wholeNumber(min, max)(text);
    } catch {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}, or "${word}".`);
    }
  };
}

function notEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected a path.");
  return text;
}
