import { ConfigurationError } from "../errors.js";
import type { EpochResult } from "../training/result.js";
import type { TrainFlags } from "./flags.js";

/** An experiment, as the flags that repeat it. */
export interface Preset {
  about: string;
  flags: Partial<TrainFlags>;
  /** What the book prints for it, or what was measured here: an accuracy, 0..1. */
  figure?: Figure;
}

/** An accuracy, what it is measured on, and whether it is that of the last epoch or of the best. */
export interface Figure {
  accuracy: number;
  on: "test" | "validation";
  at: "last" | "best";
  source: string;
}

const book = (percent: number, on: Figure["on"], at: Figure["at"], chapter: number): Figure => ({
  accuracy: Math.round(100 * percent) / 10_000,
  on,
  at,
  source: `the book, chapter ${chapter}`,
});

/** network2.py's defaults in the book's later chapters: cross-entropy, the scaled start, validation images for testing. */
const CHAPTER_3: Preset["flags"] = { cost: "cross-entropy", eta: 0.1, lambda: 5, monitor: ["validation"] };
const OVERFITTING: Preset["flags"] = {
  cost: "cross-entropy",
  eta: 0.5,
  epochs: 400,
  trainSize: 1000,
  monitor: ["training", "test"],
};
const deep = (...hidden: number[]): Preset["flags"] => ({ ...CHAPTER_3, layers: [784, ...hidden, 10], init: "scaled" });

/** What validation found to be best of relu, softmax and a start made for them, beyond the book. */
const MODERN: Preset["flags"] = {
  activation: "relu",
  output: "softmax",
  cost: "log-likelihood",
  init: "he",
  schedule: "cosine",
};
const measured = (percent: number): Figure => ({
  accuracy: Math.round(100 * percent) / 10_000,
  on: "test",
  at: "last",
  source: "the README, mean of five seeds",
});

/** The presets, by the name that `--preset` gives them. What a preset does not say is as always: 784,30,10, batch 10, eta 3, ... */
export const PRESETS: Record<string, Preset> = {
  "ch1-30": { about: "the first network, 30 hidden neurons", flags: {}, figure: book(95.42, "test", "best", 1) },
  "ch1-100": {
    about: "100 hidden neurons",
    flags: { layers: [784, 100, 10] },
    figure: book(96.59, "test", "best", 1),
  },
  "ch1-eta-0.001": {
    about: "much too small a learning rate",
    flags: { layers: [784, 100, 10], eta: 0.001 },
    figure: book(21.42, "test", "last", 1),
  },
  "ch1-eta-100": {
    about: "much too large a learning rate",
    flags: { eta: 100 },
    figure: book(9.82, "test", "last", 1),
  },
  "ch1-no-hidden": { about: "no hidden layer: an exercise, no figure", flags: { layers: [784, 10] } },
  "ch3-cross-entropy": {
    about: "the cross-entropy cost",
    flags: { cost: "cross-entropy", eta: 0.5 },
    figure: book(95.49, "test", "best", 3),
  },
  "ch3-cross-entropy-100": {
    about: "the same with 100 hidden neurons",
    flags: { layers: [784, 100, 10], cost: "cross-entropy", eta: 0.5 },
    figure: book(96.82, "test", "best", 3),
  },
  "ch3-overfitting": {
    about: "1,000 training images, 400 epochs: overfitting",
    flags: OVERFITTING,
    figure: book(82.27, "test", "best", 3),
  },
  "ch3-regularised": {
    about: "the same with lambda 0.1",
    flags: { ...OVERFITTING, lambda: 0.1 },
    figure: book(87.1, "test", "best", 3),
  },
  "ch3-lambda": {
    about: "all training images, lambda 5",
    flags: { cost: "cross-entropy", eta: 0.5, lambda: 5, monitor: ["training", "test"] },
    figure: book(96.49, "test", "best", 3),
  },
  "ch3-lambda-100": {
    about: "the same with 100 hidden neurons",
    flags: { layers: [784, 100, 10], cost: "cross-entropy", eta: 0.5, lambda: 5, monitor: ["validation"] },
    figure: book(97.92, "validation", "best", 3),
  },
  "ch3-init-gaussian-30": {
    about: "weights that start from N(0, 1)",
    flags: CHAPTER_3,
    figure: book(96.4, "validation", "last", 3),
  },
  "ch3-init-scaled-30": {
    about: "weights that start from N(0, 1/n_in)",
    flags: { ...CHAPTER_3, init: "scaled" },
    figure: book(96.5, "validation", "last", 3),
  },
  "ch3-init-gaussian-100": {
    about: "N(0, 1), 100 hidden neurons",
    flags: { ...CHAPTER_3, layers: [784, 100, 10] },
    figure: book(97.4, "validation", "last", 3),
  },
  "ch3-init-scaled-100": {
    about: "N(0, 1/n_in), 100 hidden neurons",
    flags: { ...CHAPTER_3, layers: [784, 100, 10], init: "scaled" },
    figure: book(97.8, "validation", "last", 3),
  },
  "ch5-2-layers": { about: "two layers of neurons", flags: deep(30), figure: book(96.48, "validation", "best", 5) },
  "ch5-3-layers": { about: "three", flags: deep(30, 30), figure: book(96.9, "validation", "best", 5) },
  "ch5-4-layers": { about: "four", flags: deep(30, 30, 30), figure: book(96.57, "validation", "best", 5) },
  "ch5-5-layers": { about: "five", flags: deep(30, 30, 30, 30), figure: book(96.53, "validation", "best", 5) },
  "fast-97": {
    about: "97 % of the test images as fast as possible",
    flags: { ...MODERN, layers: [784, 64, 10], epochs: 3, batchSize: 16, eta: 0.2 },
    figure: measured(97.39),
  },
  "fast-98": {
    about: "98 % as fast as possible",
    flags: { ...MODERN, layers: [784, 128, 10], epochs: 6, batchSize: 16, eta: 0.2 },
    figure: measured(98.1),
  },
  best: {
    about: "as many as possible, in a minute or two; all 60,000 images train",
    flags: {
      ...MODERN,
      layers: [784, 1024, 10],
      epochs: 60,
      batchSize: 32,
      eta: 0.3,
      dropout: 0.5,
      lambda: 0.2,
      validation: 0,
    },
    figure: measured(98.62),
  },
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
  if (known.length === 0) return undefined;
  return at === "last" ? known[known.length - 1] : Math.max(...known);
}
