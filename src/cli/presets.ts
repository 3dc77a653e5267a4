/** The presets: experiments of the book and beyond it, as the command lines that repeat them. */
import { ConfigurationError } from "../errors.js";
import type { EpochResult } from "../training/epochs.js";
import type { Flag } from "./flag.js";
import { FLAGS, flagsWith, type TrainFlags } from "./flags.js";

type Preset = ReturnType<typeof preset>;

/** An accuracy to expect of a preset: the book gives it, or it was measured here. */
export interface Figure {
  /** Of one run in the book, or the mean of several seeds, 0..1. */
  accuracy: number;
  on: "test" | "validation";
  /** The epoch after which the accuracy is taken. */
  at: "last" | "best";
  source: string;
  /** How it was measured; null for a figure of the book. */
  measured: Measurement | null;
}

interface Measurement {
  /** The accuracy of the worst seed. */
  worst: number;
  /** The number of seeds, from 1 on. */
  seeds: number;
  /** The time of one run on two cores, from the command to its end. */
  seconds: number;
}

/** The settings of network2.py in the book's later chapters, where the validation images test the network. */
const CHAPTER_3 = "--cost cross-entropy --eta 0.1 --lambda 5 --monitor validation";
const OVERFITTING = "--cost cross-entropy --eta 0.5 --epochs 400 --train-size 1000 --monitor training,test";

/** Beyond the book: the flags that all measured presets share. */
const MODERN = "--activation relu --output softmax --cost log-likelihood --init he";

const SHIFTED =
  "--augment shifts --batch-size 20 --eta 0.5 --eta-min 0.025 --schedule linear --warmup 0.1 --validation 0";

/** The presets beyond the book. Their flags were chosen on validation images; the percentages are of the test images. */
const MEASURED = {
  "fast-97": {
    about: "97 % of the test images as fast as possible",
    flags: `--layers 784,128,10 --epochs 1 ${SHIFTED}`,
    figure: { mean: 97.6, worst: 97.33, seeds: 5, seconds: 0.38 },
  },
  "fast-98": {
    about: "98 % of the test images as fast as possible",
    flags: `--layers 784,128,10 --epochs 3 ${SHIFTED}`,
    figure: { mean: 98.23, worst: 98.01, seeds: 5, seconds: 0.6 },
  },
  "fast-99": {
    about: "99 % of the test images as fast as possible",
    flags: `--layers 784,512,10 --epochs 16 --augment elastic --batch-size 64 --eta 1 --eta-min 0.02 --schedule linear --warmup 0.1`,
    figure: { mean: 99.15, worst: 99.1, seeds: 5, seconds: 6 },
  },
  best: {
    about: "the most in a minute",
    flags: `--layers 784,800,10 --epochs 75 --augment elastic --batch-size 64 --augment-strength 1.2 --eta 0.8 --schedule linear --warmup 0.02 --validation 0`,
    figure: { mean: 99.39, worst: 99.33, seeds: 5, seconds: 47 },
  },
  record: {
    about: "the most in ten minutes",
    flags: `--layers 784,1024,512,10 --epochs 160 --augment elastic --augment-strength 1.3 --batch-size 128 --eta 1.2 --schedule cosine --warmup 0.02 --validation 0`,
    figure: { mean: 99.56, worst: 99.52, seeds: 2, seconds: 466 },
  },
};

export const PRESETS: Record<string, Preset> = {
  "ch1-30": preset("the first network, 30 hidden neurons", "", book(1, 95.42)),
  "ch1-100": preset("100 hidden neurons", "--layers 784,100,10", book(1, 96.59)),
  "ch1-eta-0.001": preset(
    "a learning rate that is much too small",
    "--layers 784,100,10 --eta 0.001",
    book(1, 21.42, "test", "last"),
  ),
  "ch1-eta-100": preset("a learning rate that is much too large", "--eta 100", book(1, 9.82, "test", "last")),
  "ch1-no-hidden": preset("no hidden layer: an exercise", "--layers 784,10"),
  "ch3-cross-entropy": preset("the cross-entropy cost", "--cost cross-entropy --eta 0.5", book(3, 95.49)),
  "ch3-cross-entropy-100": preset(
    "the cross-entropy cost with 100 hidden neurons",
    "--layers 784,100,10 --cost cross-entropy --eta 0.5",
    book(3, 96.82),
  ),
  "ch3-overfitting": preset("overfitting: 1,000 training images, 400 epochs", OVERFITTING, book(3, 82.27)),
  "ch3-regularised": preset(
    "1,000 training images, 400 epochs, regularised with lambda 0.1",
    `${OVERFITTING} --lambda 0.1`,
    book(3, 87.1),
  ),
  "ch3-lambda": preset(
    "all training images, regularised with lambda 5",
    "--cost cross-entropy --eta 0.5 --lambda 5 --monitor training,test",
    book(3, 96.49),
  ),
  "ch3-lambda-100": preset(
    "lambda 5 with 100 hidden neurons",
    "--layers 784,100,10 --cost cross-entropy --eta 0.5 --lambda 5 --monitor validation",
    book(3, 97.92, "validation"),
  ),
  "ch3-init-gaussian-30": start("N(0, 1)", "", 96.4),
  "ch3-init-scaled-30": start("N(0, 1/n_in)", "--init scaled", 96.5),
  "ch3-init-gaussian-100": start("N(0, 1), 100 hidden neurons", "--layers 784,100,10", 97.4),
  "ch3-init-scaled-100": start("N(0, 1/n_in), 100 hidden neurons", "--layers 784,100,10 --init scaled", 97.8),
  "ch5-2-layers": deep("two layers of neurons", "784,30,10", 96.48),
  "ch5-3-layers": deep("three layers of neurons", "784,30,30,10", 96.9),
  "ch5-4-layers": deep("four layers of neurons", "784,30,30,30,10", 96.57),
  "ch5-5-layers": deep("five layers of neurons", "784,30,30,30,30,10", 96.53),
  ...Object.fromEntries(
    Object.entries(MEASURED).map(([name, { about, flags, figure }]) => {
      return [name, preset(about, `${MODERN} ${flags}`, measured(figure))];
    }),
  ),
};

/** The preset of that name; undefined for no name. @throws ConfigurationError if there is no such preset */
export function presetOf(name: string | undefined): Preset | undefined {
  if (name === undefined) return undefined;
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name];
  const remedy = "bp-train presets lists them";
  throw new ConfigurationError({ thing: "preset", expected: "one of the presets", found: name, remedy });
}

/** The accuracy of a run that corresponds to a preset's figure; undefined if it was not measured. */
export function actualFigure(finished: readonly EpochResult[], { on, at }: Figure): number | undefined {
  const accuracies = finished.map(({ accuracy, monitored }) => (on === "test" ? accuracy : monitored[on]?.accuracy));
  const known = accuracies.filter((accuracy) => accuracy !== undefined);
  return at === "last" ? known.at(-1) : known.sort((a, b) => b - a)[0];
}

/** @param commandLine  the flags, as one types them; all others have their defaults: 784,30,10, eta 3, ... */
function preset(about: string, commandLine: string, figure?: Figure) {
  const entries = Array.from(commandLine.matchAll(/(--\S+) (\S+)/g), ([, spelling, text]) => {
    const [name] = flagsWith((flag) => flag.spelling.includes(`${spelling} `));
    const { parse } = FLAGS[name] as Flag;
    return [name, parse ? parse(text) : text];
  });
  return { about, commandLine, flags: Object.fromEntries(entries) as Partial<TrainFlags>, figure };
}

function start(distribution: string, flags: string, percent: number): Preset {
  const figure = book(3, percent, "validation", "last");
  return preset(`weights that start from ${distribution}`, `${CHAPTER_3} ${flags}`.trim(), figure);
}

function deep(about: string, layers: string, percent: number): Preset {
  return preset(about, `${CHAPTER_3} --layers ${layers} --init scaled`, book(5, percent, "validation"));
}

function book(chapter: number, percent: number, on: Figure["on"] = "test", at: Figure["at"] = "best"): Figure {
  return { accuracy: shareOf(percent), on, at, source: `the book, chapter ${chapter}`, measured: null };
}

/** Makes the figure of a row of `MEASURED`: `mean` and `worst` are percentages, of the accuracies after the last epoch. */
function measured({ mean, worst, seeds, seconds }: (typeof MEASURED)["best"]["figure"]): Figure {
  const source = `the README, mean of ${seeds} seeds`;
  return {
    accuracy: shareOf(mean),
    on: "test",
    at: "last",
    source,
    measured: { worst: shareOf(worst), seeds, seconds },
  };
}

function shareOf(percent: number): number {
  return Math.round(100 * percent) / 10_000;
}
