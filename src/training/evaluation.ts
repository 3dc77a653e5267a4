import { setImmediate } from "node:timers/promises";
import type { Dataset } from "../data/dataset.js";
import type { Part } from "../data/parts.js";
import type { Engine } from "../engines/engine.js";
import { COSTS } from "../network/cost.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import { type Parameters, zeros } from "../network/network.js";
import { Slices } from "./slices.js";

/** How a network does on a set of examples: it answers with the output neuron that is largest, the first of equals. */
export interface Evaluation {
  /** How many examples it answers with their label. */
  correct: number;
  total: number;
  /** correct / total, 0..1. */
  accuracy: number;
  /** How often it answers each class, length sizes.at(-1). */
  answers: Uint32Array;
  /**
   * The mean cost of the examples, plus what regularisation adds: lambda/2n times the sum of the squared weights, l1/n times that of
   * their absolute values, with n the number of these examples (`total_cost` in the book's network2.py). Where it was asked for.
   */
  cost?: number;
}

/** What a network answers for one example. */
export interface Answer {
  /** Of the example, in its part. */
  index: number;
  label: number;
  answer: number;
  cost: number;
}

/** What is asked of an evaluation beside the accuracy. */
export interface EvaluateOptions {
  withCost?: boolean;
  signal?: AbortSignal;
  /** Called for every example in order, where the cost is asked for, with its z^L, good until the next call. */
  onAnswer?: (answer: Answer, z: Float64Array) => void;
}

/** How many examples are evaluated at a time, at least. */
const SMALLEST = 64;

/** Evaluates what an engine has learned, in slices, so that a run can end in between. */
export class Evaluator {
  readonly #engine: Engine;
  readonly #data: Dataset;
  readonly #hyper: Hyperparameters;
  readonly #outputs: number;
  readonly #slices: Slices;
  /** For the penalties. */
  readonly #parameters: Parameters;

  constructor(engine: Engine, sizes: readonly number[], data: Dataset, hyper: Hyperparameters) {
    this.#engine = engine;
    this.#data = data;
    this.#hyper = hyper;
    this.#outputs = sizes[sizes.length - 1];
    this.#slices = new Slices(SMALLEST, Math.floor(engine.examplesAtOnce / SMALLEST));
    this.#parameters = zeros(hyper.lambda > 0 || hyper.l1 > 0 ? sizes : []);
  }

  /** @returns undefined if the signal has ended it */
  async evaluate(part: Part, { withCost, signal, onAnswer }: EvaluateOptions = {}): Promise<Evaluation | undefined> {
    const { labels } = this.#data[part];
    const total = labels.length;
    const answers = new Uint32Array(this.#outputs);
    const z = new Float64Array(this.#outputs);
    let correct = 0;
    let cost = 0;
    for (const [from, to] of this.#slices.of(total)) {
      if (signal?.aborted) return undefined;
      const outputs = await this.#engine.outputs(part, from, to);
      await setImmediate(); // lets signals, timers and the terminal have their turn
      for (let i = from; i < to; i++) {
        const row = (i - from) * z.length;
        const answer = argmax(outputs, row, z.length);
        answers[answer]++;
        if (answer === labels[i]) correct++;
        if (!withCost) continue;
        for (let j = 0; j < z.length; j++) z[j] = outputs[row + j];
        const exampleCost = COSTS[this.#hyper.cost].value(z, labels[i]);
        cost += exampleCost;
        onAnswer?.({ index: i, label: labels[i], answer, cost: exampleCost }, z);
      }
    }
    const evaluation = { correct, total, accuracy: correct / total, answers };
    return withCost ? { ...evaluation, cost: (cost + this.#penalty()) / total } : evaluation;
  }

  /** lambda/2 times the sum of the squared weights, plus l1 times that of their absolute values. */
  #penalty(): number {
    const { lambda, l1 } = this.#hyper;
    if (lambda === 0 && l1 === 0) return 0;
    this.#engine.copyTo(this.#parameters);
    let [squares, absolutes] = [0, 0];
    for (const weights of this.#parameters.weights) {
      for (let i = 0; i < weights.length; i++) {
        squares += weights[i] * weights[i];
        absolutes += Math.abs(weights[i]);
      }
    }
    return (lambda / 2) * squares + l1 * absolutes;
  }
}

/** The largest of `n` numbers from `from`, the first of equals, counted from there: sigmoid and softmax keep the order of z. */
function argmax(values: Float32Array | Float64Array, from: number, n: number): number {
  let best = 0;
  for (let j = 1; j < n; j++) if (values[from + j] > values[from + best]) best = j;
  return best;
}
