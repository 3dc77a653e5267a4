import type { Dataset } from "../data/dataset.js";
import { copy, type Network, type Parameters, zeros } from "../network/network.js";
import type { Random } from "../network/random.js";
import type { Engine } from "./engine.js";
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
  /** Training examples so far, and the seconds that training on them took. */
  examples: number;
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
    ...{ examples: 0, trainSeconds: 0 },
  };
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
