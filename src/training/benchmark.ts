import type { Dataset } from "../data/dataset.js";
import type { EngineName } from "../engines/engines.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import { Network, type NetworkOptions } from "../network/network.js";
import { train } from "./train.js";

/** What is measured: the training of a new network, epoch after epoch. */
export interface BenchmarkOptions extends NetworkOptions, Partial<Hyperparameters> {
  layers: readonly number[];
  batchSize: number;
  eta: number;
  engine: EngineName;
  threads: number;
  signal?: AbortSignal;
}

/** The spread of a measured time, in seconds. */
export interface Spread {
  /** How often it was measured. */
  count: number;
  /** The least, the quartiles and the greatest. */
  min: number;
  lower: number;
  median: number;
  upper: number;
  max: number;
}

export interface Benchmark {
  /** The first epoch, during which code is compiled; not in the spread. */
  firstEpochSeconds: number;
  /** An epoch's training, and the evaluation of all test images after it. */
  trainSeconds: Spread;
  evaluateSeconds: Spread;
  trainingExamplesPerSecond: number;
  evaluationExamplesPerSecond: number;
  /** Arithmetic of training, in 10^9 operations a second: as if every pixel were multiplied, and what is left without the zeros. */
  gflopsDense: number;
  gflopsDone: number;
}

/** How many epochs are measured after the first, at least and at most: as many as it takes until the spread is known or the time is up. */
const [FEWEST, MOST, SECONDS] = [7, 200, 10];

/** The spread is known when the middle half of the epochs lies within this share of the median. */
const KNOWN = 0.02;

/** Times training and evaluation. Silent. */
export async function benchmark(data: Dataset, options: BenchmarkOptions): Promise<Benchmark> {
  const { layers, signal } = options;
  const enough = new AbortController();
  const signals = AbortSignal.any(signal ? [signal, enough.signal] : [enough.signal]);
  const start = performance.now();
  const training: number[] = [];
  const evaluation: number[] = [];
  await train(Network.random(layers, undefined, options), data, {
    ...options,
    epochs: 1 + MOST,
    signal: signals,
    onEpoch({ trainSeconds, evaluateSeconds }) {
      training.push(trainSeconds);
      evaluation.push(evaluateSeconds);
      if (training.length <= FEWEST) return;
      const { lower, median, upper } = spread(training.slice(1));
      if (upper - lower < KNOWN * median || performance.now() - start > 1000 * SECONDS) enough.abort();
    },
  });
  signal?.throwIfAborted();
  const [trainSeconds, evaluateSeconds] = [spread(training.slice(1)), spread(evaluation.slice(1))];
  const n = data.training.labels.length;
  const operations = (density: number) => (n * operationsPerExample(layers, density)) / trainSeconds.median / 1e9;
  return {
    firstEpochSeconds: training[0],
    trainSeconds,
    evaluateSeconds,
    trainingExamplesPerSecond: n / trainSeconds.median,
    evaluationExamplesPerSecond: data.test.labels.length / evaluateSeconds.median,
    gflopsDense: operations(1),
    gflopsDone: operations(inkDensity(data)),
  };
}

/**
 * Multiplications and additions to train on one example: two for each weight forward, two for its update, and two to carry the error
 * back through it, which the first layer's weights are spared. `density`: the share of pixels that are counted.
 */
function operationsPerExample(layers: readonly number[], density: number): number {
  let operations = 4 * density * layers[0] * layers[1];
  for (let l = 1; l + 1 < layers.length; l++) operations += 6 * layers[l] * layers[l + 1];
  return operations;
}

/** The share of the training images' pixels that are stored, about those that are not 0. */
function inkDensity({ training: { images } }: Dataset): number {
  const bytes = images.starts[images.length] - images.starts[0];
  return bytes / 2 / (images.length * images.rows * images.columns);
}

function spread(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.ceil(place);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return { count: sorted.length, min: at(0), lower: at(0.25), median: at(0.5), upper: at(0.75), max: at(1) };
}
