/** The one seam of the program: what carries a run's arithmetic. Both engines implement `Engine`; `engines.ts` lists them. */
import type { Dataset } from "../data/dataset.js";
import type { Part } from "../data/parts.js";
import type { AugmentationName } from "../distortion/augmentation.js";
import type { Distortion } from "../distortion/distortion.js";
import type { Masks } from "../network/dropout.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import type { Network, Parameters } from "../network/network.js";

/**
 * Trains and evaluates one network on one data set. An engine owns the network's parameters until `finish`. It may compute on this
 * thread or on its own; the caller gives the event loop a turn between two calls.
 */
export interface Engine {
  /**
   * Trains on the training examples that `order` names, one mini-batch after the other. Fewer examples than a mini-batch may be left
   * for the last one. Whether an epoch is one call or many changes no bit, if every call but the last brings whole mini-batches.
   *
   * @param order  indices of training examples
   * @param etas   one number per mini-batch
   */
  train(order: Uint32Array, etas: Etas, draws?: Draws): void | Promise<void>;

  /**
   * The weighted inputs z^L of the output layer for examples `from` up to, not including, `to` of a part, without dropout.
   *
   * @returns (to - from, sizes.at(-1)) row-major; the engine's own memory, valid until its next call
   */
  outputs(part: Part, from: number, to: number): Float64Array | Promise<Float32Array>;

  /** The largest number of examples that one call of `outputs` takes. */
  readonly examplesAtOnce: number;

  /** The width in bits of the SIMD instructions that it uses; null if it uses none. */
  readonly simd: SimdWidth | null;

  /** Whether all weights and biases are finite. */
  isFinite(): boolean;

  /** Copies the parameters as they are now and, with momentum, the velocities. */
  copyTo(parameters: Parameters, velocities?: Parameters): void;

  /** Gives the parameters back to the network and ends the engine's threads. The engine cannot be used after that. */
  finish(): void | Promise<void>;
}

/** The learning rate of each mini-batch. */
export type Etas = readonly number[] | Float64Array;

/** What each epoch draws anew. */
export interface Draws {
  /** Which hidden neurons dropout leaves out of the examples; not used without dropout. */
  masks?: Masks;
  /** The distortions of the training images; without, the images are as they are. */
  distortion?: Distortion;
}

export type Precision = "float32" | "float64";

export type SimdWidth = 128 | 256;

/** The width of SIMD instructions that is asked for. `auto` stands for 256 bits where CI shows that they give the same results, else for 128. */
export type SimdChoice = "auto" | SimdWidth;

export interface EngineTask {
  network: Pick<Network, "sizes" | "activation" | "output">;
  data: Dataset;
  settings: Hyperparameters & { eta: number; threads: number; simd?: SimdChoice; augment?: AugmentationName };
}

/** Makes the engine of a task that was checked. `velocities` are those to start from, with momentum; by default 0. */
export type CreateEngine = (network: Network, velocities?: Parameters) => Promise<Engine>;

/** An entry of the table of engines. */
export interface EngineKind {
  precision: Precision;
  /** The largest number of threads that it takes; 1 for an engine that computes on the calling thread. */
  mostThreads: number;
  /** The number of threads that is fastest for networks of these sizes. */
  threads(sizes: readonly number[]): number;
  /**
   * The width of SIMD instructions that the engine tries first for a choice; null if the engine uses none.
   *
   * @throws ConfigurationError if the choice is 256, and the version of Node or the processor does not have it
   */
  simd: ((choice: SimdChoice) => SimdWidth) | null;
  /**
   * Starts threads before there is a task, so that they start while the data are read: the first one, and then the others. The next engine
   * takes them.
   */
  startAhead(threads?: number): Promise<void>;
  /** @throws ConfigurationError if the engine cannot do the task */
  check(task: EngineTask): CreateEngine;
}
