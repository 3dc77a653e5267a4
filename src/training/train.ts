import type { Dataset } from "../data/dataset.js";
import { ConfigurationError, DivergedError } from "../errors.js";
import type { Network } from "../network/network.js";
import { Random } from "../network/random.js";
import { type Engine, type EngineName, type Evaluation, MAX_THREADS, threadsFor } from "./engine.js";
import { TextbookEngine } from "./textbook.js";

/** How to train. The defaults are the book's. */
export interface TrainOptions {
  /** Passes over the training examples, 1 or more. */
  epochs?: number;
  /** Examples a mini-batch, 1 to all. */
  batchSize?: number;
  /** The learning rate, above 0. */
  eta?: number;
  /** Whether each epoch takes the training examples in a new random order; false keeps the order that they have. */
  shuffle?: boolean;
  /** Where that order comes from. */
  random?: Random;
  engine?: EngineName;
  /** How many threads the fast engine uses, by default as many as are fastest; no result depends on it. */
  threads?: number;
  /** Ends the run early: the mini-batches in flight are finished, and the network keeps what it has learned. */
  signal?: AbortSignal;
  /** Called some fifty times a second. */
  onProgress?: (progress: Progress) => void;
  /** Called after each epoch. */
  onEpoch?: (epoch: EpochResult) => void;
}

/** Where a run stands. */
export interface Progress {
  /** The running epoch, from 1. */
  epoch: number;
  /** Training examples so far, over the whole run. */
  examples: number;
  /** Training examples of the whole run. */
  total: number;
}

/** How the network does on the test examples after an epoch. */
export interface EpochResult extends Evaluation {
  /** Counts from 1. */
  epoch: number;
  /** correct / total, 0..1. */
  accuracy: number;
  trainSeconds: number;
  evaluateSeconds: number;
}

export interface TrainResult {
  status: "done" | "interrupted";
  /** The epochs that were finished, in order. */
  epochs: EpochResult[];
  /** Training examples, those of an unfinished epoch included, and the seconds that training on them took. */
  examples: number;
  trainSeconds: number;
}

/**
 * Trains `network`, in place, by stochastic gradient descent (Nielsen, chapter 1; `SGD` in the book's program): in every epoch
 * the training examples are shuffled and cut into mini-batches, and then the test examples evaluated.
 *
 * Silent; gives the event loop a turn at least every 50 ms. Does not change the data.
 *
 * @throws ConfigurationError if the network does not fit the data, or the options make no sense
 * @throws DivergedError as soon as a weight or bias is NaN or infinite
 */
export async function train(network: Network, data: Dataset, options: TrainOptions = {}): Promise<TrainResult> {
  const { epochs = 30, batchSize = 10, eta = 3, shuffle = true, random = new Random() } = options;
  const { engine: name = "fast", threads, signal, onProgress, onEpoch } = options;
  checkTraining(network.sizes, data, { epochs, batchSize, eta });
  const count = threads ?? threadsFor(name, network.sizes, batchSize);
  checkEngine(name, count, eta);
  const order = new Uint32Array(data.training.labels.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const result: TrainResult = { status: "done", epochs: [], examples: 0, trainSeconds: 0 };
  const starting = engines[name](network, data, batchSize, count);
  new Random().shuffle(new Uint32Array(20_000)); // V8 optimises it while the engine starts: 4 ms of the first epoch otherwise
  const engine = await starting;
  const training = new Slices(batchSize);
  const evaluating = new Slices(SMALLEST_EVALUATION);
  const lap = stopwatch();
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const before = result.trainSeconds;
      if (shuffle) random.shuffle(order);
      for (const [from, to] of training.of(order.length)) {
        if (signal?.aborted) return { ...result, status: "interrupted" };
        await engine.train(order.subarray(from, to), eta);
        if (!engine.isFinite()) throw new DivergedError(epoch, eta);
        result.trainSeconds += lap();
        result.examples += to - from;
        onProgress?.({ epoch, examples: result.examples, total: epochs * order.length });
      }
      const evaluation = emptyEvaluation(network);
      for (const [from, to] of evaluating.of(data.test.labels.length)) {
        if (signal?.aborted) return { ...result, status: "interrupted" };
        addEvaluation(evaluation, await engine.evaluate("test", from, to));
      }
      const accuracy = evaluation.correct / evaluation.total;
      const [trainSeconds, evaluateSeconds] = [result.trainSeconds - before, lap()];
      result.epochs.push({ epoch, ...evaluation, accuracy, trainSeconds, evaluateSeconds });
      onEpoch?.(result.epochs[epoch - 1]);
      lap();
    }
    return result;
  } finally {
    await engine.finish();
  }
}

/** The engines by name. */
type MakeEngine = (network: Network, data: Dataset, batchSize: number, threads: number) => Promise<Engine>;
const engines: Record<EngineName, MakeEngine> = {
  fast: async (network, data, batchSize, threads) => {
    const { FastEngine } = await import("../kernel/engine.js");
    return FastEngine.create(network, data, batchSize, { threads });
  },
  textbook: async (network, data, batchSize) => new TextbookEngine(network, data, batchSize),
};

/** A function that gives the seconds since it was last called, or made. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return (last - before) / 1000;
  };
}

/** How long a slice should take, in milliseconds: after each there is progress, and a run can end. */
const SLICE_MS = 20;

/** How many examples are evaluated at a time, at least. */
const SMALLEST_EVALUATION = 64;

/** Cuts 0 .. n - 1 into slices of whole units, as [from, to), each sized by the time that the one before it took. */
class Slices {
  readonly #unit: number;
  #units = 1;

  constructor(unit: number) {
    this.#unit = unit;
  }

  *of(n: number): Generator<[from: number, to: number]> {
    for (let from = 0; from < n; ) {
      const start = performance.now();
      const to = Math.min(n, from + this.#units * this.#unit);
      yield [from, to];
      const units = Math.ceil((to - from) / this.#unit); // the last slice may be smaller
      from = to;
      const factor = Math.min(8, SLICE_MS / (performance.now() - start));
      this.#units = Math.max(1, Math.round(units * factor));
    }
  }
}

function emptyEvaluation({ sizes }: Network): Evaluation {
  return { correct: 0, total: 0, answers: new Uint32Array(sizes[sizes.length - 1]) };
}

function addEvaluation(sum: Evaluation, { correct, total, answers }: Evaluation): void {
  sum.correct += correct;
  sum.total += total;
  for (let j = 0; j < answers.length; j++) sum.answers[j] += answers[j];
}

/**
 * Whether a network of the layers `sizes` can be trained on `data` so: what `train` checks first, for callers who would rather
 * know before they make the network.
 *
 * @throws ConfigurationError if not
 */
export function checkTraining(
  sizes: readonly number[],
  data: Dataset,
  options: Required<Pick<TrainOptions, "epochs" | "batchSize" | "eta">>,
): void {
  const { epochs, batchSize, eta } = options;
  checkFit(sizes, data);
  if (!(Number.isInteger(epochs) && epochs >= 1)) {
    throw new ConfigurationError({ thing: "epochs", expected: "a whole number from 1", found: `${epochs}` });
  }
  const n = data.training.labels.length;
  if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= n)) {
    throw new ConfigurationError({
      thing: `batch size ${batchSize}`,
      expected: `a whole number from 1 to ${n}, the training examples`,
      found: `${batchSize}`,
    });
  }
  if (!(typeof eta === "number" && eta > 0 && eta < Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError({ thing: "eta", expected: "a finite number above 0", found: `${eta}` });
  }
}

function checkEngine(name: EngineName, threads: number, eta: number): void {
  if (!(name in engines)) {
    throw new ConfigurationError({ thing: "engine", expected: Object.keys(engines).join(" or "), found: `${name}` });
  }
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    const expected = `a whole number from 1 to ${MAX_THREADS}`;
    throw new ConfigurationError({ thing: "threads", expected, found: `${threads}` });
  }
  if (name === "fast" && Math.fround(eta) === 0) {
    const remedy = "use a larger one, or the textbook engine";
    throw new ConfigurationError({
      thing: "eta",
      expected: "a number that is not 0 in float32",
      found: `${eta}`,
      remedy,
    });
  }
}

function checkFit(sizes: readonly number[], { training: { images }, classes }: Dataset): void {
  const pixels = images.rows * images.columns;
  const outputs = sizes.length - 1;
  const thing = `layers ${sizes.join(",")}`;
  const remedy = `use ${sizes.with(0, pixels).with(outputs, Math.max(classes, sizes[outputs])).join(",")}`;
  if (sizes[0] !== pixels) {
    const expected = `${pixels} input neurons for images of ${images.rows}x${images.columns}`;
    throw new ConfigurationError({ thing, expected, found: `${sizes[0]}`, remedy });
  }
  if (sizes[outputs] < classes) {
    const expected = `${classes} output neurons or more for labels up to ${classes - 1}`;
    throw new ConfigurationError({ thing, expected, found: `${sizes[outputs]}`, remedy });
  }
}
