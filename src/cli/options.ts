import { randomInt } from "node:crypto";
import { InvalidArgumentError, Option } from "commander";
import { ENGINES, type EngineName } from "../training/engine.js";

/** What the command line asks for: every flag of `bp-train` with its value or default. */
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
  json: boolean;
  quiet: boolean;
  progress: boolean;
  color: boolean;
}

const MAX_COUNT = 2 ** 31 - 1;
/** Seeds are unsigned 32-bit integers. (Not imported from `Random`: --help should not load a generator.) */
const MAX_SEED = 2 ** 32 - 1;

/** Every option of training in the order of the help, with its default, range and parser. */
export function trainOptions(): Option[] {
  return [
    new Option("-l, --layers <sizes>", "neurons a layer, comma-separated, input first")
      .default([784, 30, 10], "784,30,10")
      .argParser(layerSizes),
    new Option("-e, --epochs <n>", "passes over the training images").default(30).argParser(wholeNumber(1)),
    new Option("-b, --batch-size <m>", "examples a mini-batch").default(10).argParser(wholeNumber(1)),
    new Option("--eta <rate>", "learning rate").default(3).argParser(positiveNumber),
    new Option("--seed <n>", `0 to ${MAX_SEED}; the same seed repeats the run; "random" draws one`)
      .default(1)
      .argParser(seed),
    new Option("--data <dir>", "folder with the four IDX files, raw or .gz (default: MNIST, in the package)")
      .env("BP_TRAIN_DATA")
      .argParser(notEmpty),
    new Option("--validation <n>", "hold out the last n training images").default(10_000).argParser(wholeNumber(0)),
    new Option("--train-size <n>", "use only the first n of the rest (default: all)").argParser(wholeNumber(1)),
    new Option("--no-shuffle", "keep the training images in file order (default: a new order each epoch)"),
    new Option("--engine <name>", "what computes").default("fast").choices(ENGINES),
    new Option("--json", "print NDJSON on standard output, and nothing else there").default(false),
    new Option("-q, --quiet", "print only the closing summary").default(false),
    new Option("--no-progress", "draw no progress bar (default: one where standard error is a terminal)"),
    new Option("--no-color", "use no colour (default: colour where the stream is a terminal)"),
  ];
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
  if (!/^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || value <= 0 || value === Number.POSITIVE_INFINITY) {
    throw new InvalidArgumentError("Expected a number above 0, such as 3, 0.5 or 1e-3.");
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

function seed(text: string): number {
  if (text === "random") return randomInt(MAX_SEED + 1);
  try {
    return wholeNumber(0, MAX_SEED)(text);
  } catch {
    throw new InvalidArgumentError(`Expected a whole number from 0 to ${MAX_SEED}, or "random".`);
  }
}

function notEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected a folder's path.");
  return text;
}
