/** Evaluation: how many examples of a part a network answers correctly, and at what cost. */
import { setImmediate } from "node:timers/promises";
import type { Dataset } from "../data/dataset.js";
import type { Part } from "../data/parts.js";
import type { Engine } from "../engines/engine.js";
import { COSTS } from "../network/cost.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import { type Parameters, zeros } from "../network/network.js";
import { Slices } from "./slices.js";

/** The answer to an example is the number of the largest output neuron, or of the first of several that are equally large. */
export interface Evaluation {
  /** The number of examples whose answer is their label. */
  correct: number;
  total: number;
  /** correct / total, 0..1. */
  accuracy: number;
  /** How often each class is the answer, length sizes.at(-1). */
  answers: Uint32Array;
  /**
   * If it was asked for: the mean cost of the examples, plus lambda/2n times the sum of the squared weights and l1/n times the sum of
   * their absolute values, where n is the number of these examples (`total_cost` in the book's network2.py).
   */
  cost?: number;
}

/** The answer to one example; `index` is the example's number in its part, from 0. */
export type Answer = Record<"index" | "label" | "answer" | "cost", number>;

interface EvaluateOptions {
  withCost?: boolean;
  signal?: AbortSignal;
  /** With `withCost`, called for every example in order. `z` is the example's z^L, valid until the next call. */
  onAnswer?: (answer: Answer, z: Float64Array) => void;
}

/** The smallest number of examples that are evaluated at once. */
const SMALLEST = 64;

export class Evaluator {
  readonly #slices: Slices;
  /** Scratch for the regularisation terms; empty without regularisation. */
  readonly #parameters: Parameters;

  constructor(
    private readonly engine: Engine,
    private readonly sizes: readonly number[],
    private readonly data: Dataset,
    private readonly hyper: Hyperparameters,
  ) {
    this.#slices = new Slices(SMALLEST, Math.floor(engine.examplesAtOnce / SMALLEST));
    this.#parameters = zeros(hyper.lambda > 0 || hyper.l1 > 0 ? sizes : []);
  }

  /** @returns undefined if the signal has fired */
  async evaluate(part: Part, { withCost, signal, onAnswer }: EvaluateOptions = {}): Promise<Evaluation | undefined> {
    const { labels } = this.data[part];
    const total = labels.length;
    const classes = this.sizes[this.sizes.length - 1];
    const [answers, z] = [new Uint32Array(classes), new Float64Array(classes)];
    let [correct, cost] = [0, 0];
    for (const [from, to] of this.#slices.of(total)) {
      if (signal?.aborted) return undefined;
      const outputs = await this.engine.outputs(part, from, to);
      for (let i = from; i < to; i++) {
        const row = (i - from) * z.length;
        const answer = argmax(outputs, row, z.length);
        answers[answer]++;
        if (answer === labels[i]) correct++;
        if (!withCost) continue;
        for (let j = 0; j < z.length; j++) z[j] = outputs[row + j];
        const exampleCost = COSTS[this.hyper.cost].value(z, labels[i]);
        cost += exampleCost;
        onAnswer?.({ index: i, label: labels[i], answer, cost: exampleCost }, z);
      }
      await setImmediate(); // the event loop's turn
    }
    const evaluation = { correct, total, accuracy: correct / total, answers };
    return withCost ? { ...evaluation, cost: (cost + this.#penalty()) / total } : evaluation;
  }

  /** lambda/2 times the sum of the squared weights, plus l1 times the sum of their absolute values. */
  #penalty(): number {
    const { lambda, l1 } = this.hyper;
    if (lambda === 0 && l1 === 0) return 0;
    this.engine.copyTo(this.#parameters);
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

/** The index of the largest of `values[from..from + n)`, counted from `from`. Sigmoid and softmax keep the order of z. */
function argmax(values: Float32Array | Float64Array, from: number, n: number): number {
  let best = 0;
  for (let j = 1; j < n; j++) if (values[from + j] > values[from + best]) best = j;
  return best;
}
