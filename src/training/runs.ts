/** Runs from several seeds, side by side. */
import { availableParallelism } from "node:os";
import type { Dataset } from "../data/dataset.js";
import { ENGINES, type EngineName } from "../engines/engines.js";
import { DivergedError } from "../errors.js";
import type { InitName } from "../network/init.js";
import { copy, Network, type NetworkOptions, type Parameters } from "../network/network.js";
import { Random } from "../network/random.js";
import type { TrainResult } from "./ongoing-run.js";
import type { Settings } from "./settings.js";
import { stochasticGradientDescent } from "./train.js";

/** The network that a run starts from. */
export interface NetworkStart extends NetworkOptions {
  layers: readonly number[];
  /** How the parameters are drawn, unless they are given. */
  init?: InitName;
  parameters?: Parameters;
}

export interface Run {
  seed: number;
  network: Network;
  result: TrainResult;
}

export type RunListener = Pick<Settings, "onProgress" | "onEpoch" | "onCheckpoint">;

export interface RunsOptions {
  start: NetworkStart;
  /** From `checkTraining`. */
  settings: Settings;
  /** The number of runs side by side. */
  atATime?: number;
  /** The listener of each run, by its index among the seeds. */
  listen?: (index: number) => RunListener;
  /** Called in the order in which the runs end. */
  onRun?: (run: Run) => void;
}

/**
 * Draws a network from each seed and trains it; the order of the examples comes from the same seed. Engines with their own threads train
 * side by side; runs of the others take turns on this thread.
 *
 * @throws DivergedError if a run diverges; the others are then interrupted
 */
export async function trainRuns(seeds: readonly number[], data: Dataset, options: RunsOptions): Promise<Run[]> {
  const { start, settings, atATime = 1, listen, onRun } = options;
  const { layers, parameters, ...neurons } = start;
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(settings.signal ? [settings.signal] : [])]);
  const runs: Run[] = [];
  let next = 0;
  const work = async () => {
    // The first run begins even if the signal has fired, so that there is a run to report as interrupted.
    while (next < seeds.length && (next === 0 || !signal.aborted)) {
      const index = next++;
      const seed = seeds[index];
      const random = new Random(seed);
      const network = parameters ? new Network(layers, neurons) : Network.random(layers, random, neurons);
      if (parameters) copy(parameters, network);
      const ownSettings = { ...settings, ...listen?.(index), random, signal };
      const result = await stochasticGradientDescent(network, data, ownSettings).catch((error) => {
        if (!(error instanceof DivergedError) || seeds.length === 1) throw error;
        throw new DivergedError(error.epoch, error.eta, seed);
      });
      runs[index] = { seed, network, result };
      if (!failed.signal.aborted) onRun?.(runs[index]);
    }
  };
  const workers = Array.from({ length: atATime }, work);
  for (const worker of workers) worker.catch(() => failed.abort());
  await Promise.allSettled(workers);
  await Promise.all(workers); // throws the error of a run that failed
  return runs.filter((run) => run !== undefined);
}

/** The number of runs that go on side by side on this machine, and the number of threads of each, by default one. */
export function sideBySide(runs: number, engine: EngineName, threads = 1): { threads: number; atATime: number } {
  const most = ENGINES[engine].mostThreads > 1 ? Math.max(1, Math.floor(availableParallelism() / threads)) : 1;
  return { threads, atATime: Math.min(runs, most) };
}
