/** Times training and evaluation. */
import type { Dataset } from "../data/dataset.js";
import { Network } from "../network/network.js";
import type { NetworkStart } from "./runs.js";
import type { Settings } from "./settings.js";
import { stochasticGradientDescent } from "./train.js";

/** The spread of a measured time, in seconds, and the number of measurements. `lower` and `upper` are the quartiles. */
export type Spread = Record<"count" | "min" | "lower" | "median" | "upper" | "max", number>;

export type Benchmark = Awaited<ReturnType<typeof benchmark>>;

/** The number of epochs that are measured after the first: at least, and at most. It ends earlier when the time is up. */
const [FEWEST, MOST, SECONDS] = [7, 200, 10];

/** The spread is known well enough when the middle half of the epochs lies within this share of the median. */
const KNOWN = 0.02;

/** Trains a new network of the book's start again and again. @param settings  from `checkTraining` */
export async function benchmark(data: Dataset, start: NetworkStart, settings: Settings) {
  const { layers, ...neurons } = start;
  const { signal } = settings;
  const enough = new AbortController();
  const startTime = performance.now();
  const training: number[] = [];
  const evaluation: number[] = [];
  const { simd } = await stochasticGradientDescent(Network.random(layers, undefined, neurons), data, {
    ...settings,
    epochs: 1 + MOST,
    signal: AbortSignal.any(signal ? [signal, enough.signal] : [enough.signal]),
    onEpoch({ trainSeconds, evaluateSeconds }) {
      training.push(trainSeconds);
      evaluation.push(evaluateSeconds);
      if (training.length <= FEWEST) return;
      const { lower, median, upper } = spread(training.slice(1));
      if (upper - lower < KNOWN * median || performance.now() - startTime > 1000 * SECONDS) enough.abort();
    },
  });
  signal?.throwIfAborted();
  const [trainSeconds, evaluateSeconds] = [spread(training.slice(1)), spread(evaluation.slice(1))];
  const trainingExamplesPerSecond = data.training.labels.length / trainSeconds.median;
  const gflops = (density: number) => (trainingExamplesPerSecond * operationsPerExample(layers, density)) / 1e9;
  return {
    simd,
    /** The first epoch, during which code is compiled; it does not count in the spread. */
    firstEpochSeconds: training[0],
    trainSeconds,
    /** The evaluation of all test images after an epoch. */
    evaluateSeconds,
    trainingExamplesPerSecond,
    evaluationExamplesPerSecond: data.test.labels.length / evaluateSeconds.median,
    /** The arithmetic of training in 10^9 operations per second, as if every pixel were multiplied. */
    gflopsDense: gflops(1),
    /** The same without the pixels that are 0, which are skipped. */
    gflopsDone: gflops(inkDensity(data)),
  };
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

function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (share: number) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [Math.floor(place), Math.ceil(place)];
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  const [min, lower, median, upper, max] = [0, 0.25, 0.5, 0.75, 1].map(quantile);
  return { count: sorted.length, min, lower, median, upper, max };
}
