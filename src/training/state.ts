import type { Dataset } from "../data/dataset.js";
import type { Engine } from "../engines/engine.js";
import { copy, type Network, type Parameters, zeros } from "../network/network.js";
import type { Random } from "../network/random.js";
import type { EpochResult } from "./result.js";

/** All that decides how a run goes on, between two mini-batches: whoever has it ends with the same bits. */
export interface RunState {
  /** The epochs that are over. */
  finished: EpochResult[];
  /** How many examples of the running epoch have been trained on; null before its order is drawn. */
  position: number | null;
  /** The training examples in the order of the running epoch, from which the next one is drawn. */
  order: Uint32Array;
  /** Of dropout, for the running epoch. */
  maskSeed: number;
  /** The state of the generator, see `Random`. */
  random: readonly number[];
  parameters: Parameters;
  /** With momentum. */
  velocities: Parameters | null;
  /** With patience: the parameters after the epoch that did best on validation. */
  best: Parameters | null;
  /** Training examples so far, over the whole run. */
  examples: number;
  /** What training took in the running epoch. */
  trainSeconds: number;
}

/** A run that has not begun. */
export function freshState(
  network: Network,
  data: Dataset,
  random: Random,
  { momentum, patience }: { momentum: number; patience: number },
): RunState {
  const { sizes } = network;
  return {
    finished: [],
    position: null,
    order: Uint32Array.from({ length: data.training.labels.length }, (_, i) => i),
    maskSeed: 0,
    random: random.state,
    parameters: network,
    velocities: momentum > 0 ? zeros(sizes) : null,
    best: patience < Number.POSITIVE_INFINITY ? zeros(sizes) : null,
    examples: 0,
    trainSeconds: 0,
  };
}

/**
 * What a run demands of the state that it resumes from, and this state does not meet; undefined if it meets everything.
 *
 * @param sizes  of the run's network
 * @returns words for an error to expect, such as `the state of a run with momentum 0.9`
 */
export function unmetDemand(
  { finished, order, parameters, velocities, best }: RunState,
  sizes: readonly number[],
  { training: { labels } }: Dataset,
  { epochs, momentum, patience = Number.POSITIVE_INFINITY }: { epochs: number; momentum: number; patience?: number },
): string | undefined {
  const demands: [run: string, isMet: boolean][] = [
    [`on ${labels.length} training examples`, order.length === labels.length],
    [`of layers ${sizes}`, [parameters, velocities, best].every((p) => p === null || fits(p, sizes))],
    [`with momentum ${momentum}`, (velocities !== null) === momentum > 0],
    [`with patience ${patience}`, (best !== null) === patience < Number.POSITIVE_INFINITY],
    [`after at most ${epochs} epochs`, finished.length <= epochs],
  ];
  const unmet = demands.find(([, isMet]) => !isMet);
  return unmet && `the state of a run ${unmet[0]}`;
}

function fits({ weights, biases }: Parameters, sizes: readonly number[]): boolean {
  const layers = sizes.slice(1);
  if (weights.length !== layers.length || biases.length !== layers.length) return false;
  return layers.every((n, l) => weights[l].length === n * sizes[l] && biases[l].length === n);
}

/** A state that nothing changes any more, of a run whose `state` lacks what engine and generator have. */
export function snapshot(state: RunState, engine: Engine, random: Random, sizes: readonly number[]): RunState {
  const parameters = zeros(sizes);
  const velocities = state.velocities && zeros(sizes);
  engine.copyTo(parameters, velocities ?? undefined);
  const best = state.best && zeros(sizes);
  if (state.best && best) copy(state.best, best);
  const { finished, order } = state;
  return {
    ...state,
    finished: [...finished],
    order: order.slice(),
    random: random.state,
    parameters,
    velocities,
    best,
  };
}
