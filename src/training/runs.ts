import { availableParallelism } from "node:os";
import type { Dataset } from "../data/dataset.js";
import { ENGINES, type EngineName } from "../engines/engines.js";
import { DivergedError } from "../errors.js";
import type { InitName } from "../network/init.js";
import { copy, Network, type NetworkOptions, type Parameters } from "../network/network.js";
import { Random } from "../network/random.js";
import { checkTraining, type TrainOptions } from "./options.js";
import type { EpochResult, Progress, TrainResult } from "./result.js";
import type { RunState } from "./state.js";
import { train } from "./train.js";

/** What to start from, and how to train: all of a run but its seed. */
export interface RunOptions extends NetworkOptions, Omit<TrainOptions, "random" | keyof RunListener> {
  layers: readonly number[];
  init?: InitName;
  /** A network of these layers whose parameters to start from, instead of random ones. */
  start?: Parameters;
}

/** A network that was trained from a seed. */
export interface Run {
  seed: number;
  network: Network;
  result: TrainResult;
}

/** Called while a run goes on. */
export interface RunListener {
  onProgress?: (progress: Progress) => void;
  onEpoch?: (epoch: EpochResult) => void;
  onCheckpoint?: (state: RunState) => Promise<void>;
}

/** Draws a network from a seed and trains it; the order of the examples comes from the same seed. */
export async function trainFrom(
  seed: number,
  data: Dataset,
  options: RunOptions,
  listener: RunListener = {},
): Promise<Run> {
  checkTraining({ ...options, sizes: options.layers }, data, options); // before the weights are drawn
  const random = new Random(seed);
  const start = options.resume?.parameters ?? options.start;
  const network = start ? new Network(options.layers, options) : Network.random(options.layers, random, options);
  if (start) copy(start, network);
  return { seed, network, result: await train(network, data, { ...options, ...listener, random }) };
}

/**
 * Trains one network from each seed, `atATime` of them at once. The fast engine's runs are side by side on their threads; the textbook
 * engine's take turns on this one.
 *
 * @param onRun  called in the order in which they end
 */
export async function trainAll(
  seeds: readonly number[],
  data: Dataset,
  options: RunOptions & { atATime: number },
  listen: (index: number) => RunListener,
  onRun: (run: Run) => void,
): Promise<Run[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const runs: Run[] = [];
  let next = 0;
  const work = async () => {
    while (next < seeds.length && (next === 0 || !signal.aborted)) {
      // the first one begins in any case, and says that it was interrupted
      const index = next++;
      runs[index] = await trainFrom(seeds[index], data, { ...options, signal }, listen(index)).catch((error) => {
        if (!(error instanceof DivergedError) || seeds.length === 1) throw error;
        throw new DivergedError(error.epoch, error.eta, seeds[index]);
      });
      if (!failed.signal.aborted) onRun(runs[index]);
    }
  };
  const workers = Array.from({ length: options.atATime }, async () => {
    try {
      await work();
    } catch (error) {
      failed.abort();
      throw error;
    }
  });
  for (const outcome of await Promise.allSettled(workers)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
  return runs.filter((run) => run !== undefined);
}

/** How many runs go side by side on this machine, and how many threads each of them has: by default one. */
export function sideBySide(runs: number, engine: EngineName, threads: number | undefined) {
  const each = threads ?? 1;
  const room = ENGINES[engine].hasOwnThreads ? Math.max(1, Math.floor(availableParallelism() / each)) : 1;
  return { threads: each, atATime: Math.min(runs, room) };
}
