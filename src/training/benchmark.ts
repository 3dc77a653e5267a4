/** Times training and evaluation. */
import type { Dataset } from "../data/dataset.js";
import type { SimdWidth } from "../engines/engine.js";
import { Network } from "../network/network.js";
import type { NetworkStart } from "./runs.js";
import type { Settings } from "./settings.js";
import { TextbookTimer } from "./textbook-timer.js";
import { stochasticGradientDescent } from "./train.js";

/** The spread of measured times, in seconds, or of ratios, and their number. `lower` and `upper` are the quartiles. */
export type Spread = Record<"count" | "min" | "lower" | "median" | "upper" | "max", number>;

export type Benchmark = Awaited<ReturnType<typeof benchmark>>;

/** The number of epochs that are measured after the first: at least, and at most. It ends earlier when the time is up. */
const [FEWEST, MOST, SECONDS] = [7, 200, 10];

/** The spread is known well enough when the middle half of the epochs lies within this share of the median. */
const KNOWN = 0.02;

/** The times of an epoch and of the evaluation after it. The ratios divide them by those of the textbook engine; NaN unless `relative`. */
type Round = Record<"trainSeconds" | "evaluateSeconds" | "trainRatio" | "evaluateRatio", number>;

/** The number of arithmetic operations in one measurement of the textbook engine, which then takes about 0.05 s. */
const TEXTBOOK_OPERATIONS = 2e8;

interface BenchmarkOptions {
  /**
   * Whether to time the textbook engine, too, after each epoch. Another program slows down both engines, so that it changes their ratio
   * less than their times: on 784,30,10, one that kept the same core busy made the times 103 to 325 % longer, and the ratios 4 to 9 %.
   */
  relative: boolean;
}

/**
 * Trains a new network of the book's start again and again, and evaluates it after each epoch.
 *
 * @param settings  from `checkTraining`
 */
export async function benchmark(
  data: Dataset,
  start: NetworkStart,
  settings: Settings,
  { relative }: BenchmarkOptions,
) {
  const { layers } = start;
  const {
    simd,
    rounds: [first, ...rounds],
  } = await measureRounds(data, start, settings, relative);
  const [trainSeconds, evaluateSeconds] = [spreadOf("trainSeconds", rounds), spreadOf("evaluateSeconds", rounds)];
  const trainingExamplesPerSecond = data.training.labels.length / trainSeconds.median;
  const gflops = (density: number) => (trainingExamplesPerSecond * operationsPerExample(layers, density)) / 1e9;
  return {
    simd,
    /** The first epoch, during which code is compiled; it does not count in the spread. */
    firstEpochSeconds: first.trainSeconds,
    trainSeconds,
    /** The evaluation of all test images after an epoch. */
    evaluateSeconds,
    /** The times divided by those of the textbook engine; null unless `relative`. */
    trainRatio: relative ? spreadOf("trainRatio", rounds) : null,
    evaluateRatio: relative ? spreadOf("evaluateRatio", rounds) : null,
    trainingExamplesPerSecond,
    evaluationExamplesPerSecond: data.test.labels.length / evaluateSeconds.median,
    /** The arithmetic of training in 10^9 operations per second, as if every pixel were multiplied. */
    gflopsDense: gflops(1),
    /** The same without the pixels that are 0, which are skipped. */
    gflopsDone: gflops(inkDensity(data)),
  };
}

/** Trains until the spread of the rounds after the first is known well enough, or the time is up. */
async function measureRounds(
  data: Dataset,
  start: NetworkStart,
  settings: Settings,
  relative: boolean,
): Promise<{ rounds: Round[]; simd: SimdWidth | null }> {
  const { layers, ...neurons } = start;
  const { signal } = settings;
  const enough = new AbortController();
  const timer = relative ? textbookTimer(data, start, settings) : undefined;
  const startTime = performance.now();
  const rounds: Round[] = [];
  const { simd } = await stochasticGradientDescent(Network.random(layers, undefined, neurons), data, {
    ...settings,
    epochs: 1 + MOST,
    signal: AbortSignal.any(signal ? [signal, enough.signal] : [enough.signal]),
    onEpoch({ trainSeconds, evaluateSeconds }) {
      const textbook = timer?.measure();
      const trainRatio = textbook ? trainSeconds / textbook.trainSeconds : Number.NaN;
      const evaluateRatio = textbook ? evaluateSeconds / textbook.evaluateSeconds : Number.NaN;
      rounds.push({ trainSeconds, evaluateSeconds, trainRatio, evaluateRatio });
      if (rounds.length <= FEWEST) return;
      const { lower, median, upper } = spreadOf(relative ? "trainRatio" : "trainSeconds", rounds.slice(1));
      if (upper - lower < KNOWN * median || performance.now() - startTime > 1000 * SECONDS) enough.abort();
    },
  });
  signal?.throwIfAborted();
  return { simd, rounds };
}

function textbookTimer(data: Dataset, { layers, ...neurons }: NetworkStart, settings: Settings): TextbookTimer {
  const most = data.training.labels.length;
  const examples = Math.min(most, Math.ceil(TEXTBOOK_OPERATIONS / operationsPerExample(layers, 1)));
  return new TextbookTimer(Network.random(layers, undefined, neurons), data, settings, examples);
}

/**
 * The multiplications and additions to train on one example: two per weight for the forward pass, two for the update, and, above the
 * first layer, two to carry the error back. `density` is the share of the pixels that are counted.
 */
function operationsPerExample(layers: readonly number[], density: number): number {
  let operations = 4 * density * layers[0] * layers[1];
  for (let l = 1; l + 1 < layers.length; l++) operations += 6 * layers[l] * layers[l + 1];
  return operations;
}

/** The share of the training images' pixels that are stored: about those that are not 0. */
function inkDensity({ training: { images } }: Dataset): number {
  const bytes = images.starts[images.length] - images.starts[0];
  return bytes / 2 / (images.length * images.rows * images.columns);
}

function spreadOf(name: keyof Round, rounds: Round[]): Spread {
  const sorted = rounds.map((round) => round[name]).toSorted((a, b) => a - b);
  const quantile = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [Math.floor(place), Math.ceil(place)];
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  const [min, lower, median, upper, max] = [0, 0.25, 0.5, 0.75, 1].map(quantile);
  return { count: sorted.length, min, lower, median, upper, max };
}
