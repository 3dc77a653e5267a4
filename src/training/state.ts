import type { Dataset } from "../data/dataset.js";
import { ConfigurationError } from "../errors.js";
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
    ...{ examples: 0, trainSeconds: 0 },
  };
}

/**
 * @param sizes  of the network that is to go on from the state
 * @throws ConfigurationError if the state is that of a run of other layers, data or options
 */
export function checkState(
  state: RunState,
  sizes: readonly number[],
  data: Dataset,
  { epochs, momentum, patience }: { epochs: number; momentum: number; patience: number },
): void {
  const { finished, order, parameters, velocities, best } = state;
  const n = data.training.labels.length;
  const demands: [expected: string, isMet: boolean][] = [
    [`the state of a run on ${n} examples`, order.length === n],
    [`parameters for layers ${sizes}`, [parameters, velocities, best].every((p) => p === null || fits(p, sizes))],
    ["velocities if there is momentum, and only then", (velocities !== null) === momentum > 0],
    ["best parameters if there is patience, and only then", (best !== null) === patience < Number.POSITIVE_INFINITY],
    [`at most ${epochs} finished epochs`, finished.length <= epochs],
  ];
  const unmet = demands.find(([, isMet]) => !isMet);
  if (unmet) throw new ConfigurationError({ thing: "resume", expected: unmet[0], found: "the state of another run" });
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
