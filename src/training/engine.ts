import type { Part } from "../data/dataset.js";
import { bestThreads } from "../kernel/threads.js";

/** The engines that `train` knows, by name. */
export const ENGINES = ["fast", "textbook"] as const;
export type EngineName = (typeof ENGINES)[number];

/** More threads than this are refused. */
export const MAX_THREADS = 64;

/** How many threads an engine uses where nobody says. */
export function threadsFor(engine: EngineName, sizes: readonly number[], batchSize: number): number {
  return engine === "fast" ? bestThreads(sizes, batchSize) : 1;
}

/** How a network does on a set of examples: it answers with the output neuron that is largest, the first of equals. */
export interface Evaluation {
  /** How many examples it answers with their label. */
  correct: number;
  total: number;
  /** How often it answers each class, length sizes.at(-1). */
  answers: Uint32Array;
}

/**
 * What carries a training run's arithmetic: the one seam of the program.
 *
 * An engine is made for a network, a data set and a size of mini-batches, and owns the network's parameters until `finish`. Its long
 * calls give the event loop a turn at least every 50 ms.
 */
export interface Engine {
  /**
   * Trains on the training examples that `order` names, in mini-batches from its start; what is left over makes a last, shorter
   * one. Whether an epoch is done in many calls or few does not change a bit, as long as each but the last brings
   * whole mini-batches.
   *
   * @param order  indices of training examples
   * @param eta    the learning rate
   */
  train(order: Uint32Array, eta: number): Promise<void>;

  /** Counts what the network, as it is now, makes of examples `from` up to, not including, `to` of a part. */
  evaluate(part: Part, from: number, to: number): Promise<Evaluation>;

  /** Whether every weight and bias is finite. */
  isFinite(): boolean;

  /** Hands the parameters back: the network holds what was learned. Ends the engine's threads; it is not to be used again. */
  finish(): Promise<void>;
}
