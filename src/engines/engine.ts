import type { Part } from "../data/parts.js";
import type { Masks } from "../network/dropout.js";
import type { Parameters } from "../network/network.js";

/** The engines that `train` knows, by name. */
export const ENGINES = ["fast", "textbook"] as const;
export type EngineName = (typeof ENGINES)[number];

/** The type of number that each computes in. */
export const PRECISIONS = { fast: "float32", textbook: "float64" } as const;

/** More threads than this are refused. */
export const MAX_THREADS = 64;

/**
 * What carries a training run's arithmetic: the one seam of the program.
 *
 * An engine is made for a network, a data set and hyperparameters, with momentum also for velocities to start from, and owns
 * the network's parameters until `finish`. Its long calls give the event loop a turn at least every 50 ms.
 */
export interface Engine {
  /**
   * Trains on the training examples that `order` names, in mini-batches from its start; what is left over makes a last, shorter
   * one. Whether an epoch is done in many calls or few does not change a bit, as long as each but the last brings
   * whole mini-batches.
   *
   * @param order  indices of training examples
   * @param eta    the learning rate
   * @param masks  not used without dropout
   */
  train(order: Uint32Array, eta: number, masks?: Masks): Promise<void>;

  /**
   * The weighted inputs z^L of the output layer for examples `from` up to, not including, `to` of a part, nothing left out:
   * (to - from, sizes.at(-1)) row-major. They are the engine's own and good until its next call.
   */
  outputs(part: Part, from: number, to: number): Promise<Float32Array | Float64Array>;

  /** The most examples that `outputs` can be asked for at once. */
  readonly examplesAtOnce: number;

  /** Whether every weight and bias is finite. */
  isFinite(): boolean;

  /** Copies the parameters as they are now and, where there is momentum, their velocities, in the engine's own scale. */
  copyTo(parameters: Parameters, velocities?: Parameters): void;

  /** Hands the parameters back: the network holds what was learned. Ends the engine's threads; it is not to be used again. */
  finish(): Promise<void>;
}
