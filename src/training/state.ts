/** The state of a run between two mini-batches, from which it can be continued to the same bits. */
import type { Dataset } from "../data/dataset.js";
import type { Engine } from "../engines/engine.js";
import { type Network, type Parameters, zeros } from "../network/network.js";
import type { Random } from "../network/random.js";
import type { EpochResult } from "./epochs.js";

export interface RunState {
  finished: EpochResult[];
  /** The number of examples of the current epoch that were trained on; null before the epoch has begun. */
  position: number | null;
  /** The training examples in the order of the current epoch, which the next epoch shuffles again. */
  order: Uint32Array;
  /** The seed of dropout's masks in the current epoch. */
  maskSeed: number;
  /** The seed of the distortions. */
  distortionSeed: number;
  /** The state of the generator, see `Random`. */
  random: readonly number[];
  parameters: Parameters;
  /** With momentum. */
  velocities: Parameters | null;
  /** With patience: the parameters after the epoch with the best validation accuracy. */
  best: Parameters | null;
  /** The number of training examples so far, over the whole run. */
  examples: number;
  /** The time that training took so far in the current epoch. */
  trainSeconds: number;
}

type StateSettings = Record<"epochs" | "momentum" | "patience", number>;

/** The sets of parameters that the state of such a run has. */
export function parameterSets({ momentum, patience }: Omit<StateSettings, "epochs">) {
  const has = { parameters: true, velocities: momentum > 0, best: patience < Number.POSITIVE_INFINITY };
  return (["parameters", "velocities", "best"] as const).filter((set) => has[set]);
}

/** The state of a run that has not begun. */
export function initialState(network: Network, data: Dataset, random: Random, settings: StateSettings): RunState {
  const { sizes } = network;
  const sets = parameterSets(settings);
  return {
    finished: [],
    position: null,
    order: Uint32Array.from({ length: data.training.labels.length }, (_, i) => i),
    maskSeed: 0,
    distortionSeed: random.seed,
    random: random.state,
    parameters: network,
    velocities: sets.includes("velocities") ? zeros(sizes) : null,
    best: sets.includes("best") ? zeros(sizes) : null,
    examples: 0,
    trainSeconds: 0,
  };
}

/** The first requirement of the run that resumes from a state that the state does not meet, in words for an error. */
export function unmetRequirement(
  { finished, order, parameters, velocities, best }: RunState,
  sizes: readonly number[],
  { training: { labels } }: Dataset,
  { epochs, momentum, patience }: StateSettings,
): { expected: string; found: string } | undefined {
  const others = [parameters, velocities, best].filter((p) => p !== null && !haveSizes(p, sizes)) as Parameters[];
  const sets = parameterSets({ momentum, patience });
  const requirements: [isMet: boolean, expected: string, found: string][] = [
    [order.length === labels.length, `on ${labels.length} training examples`, `one on ${order.length}`],
    [others.length === 0, `of layers ${sizes}`, `one of layers ${others.map(sizesOf)[0]}`],
    [
      !!velocities === sets.includes("velocities"),
      `with momentum ${momentum}`,
      `one ${velocities ? "with" : "without"} velocities`,
    ],
    [!!best === sets.includes("best"), `with patience ${patience}`, `one ${best ? "with" : "without"} best parameters`],
    [finished.length <= epochs, `after at most ${epochs} epochs`, `one after ${finished.length}`],
  ];
  const unmet = requirements.find(([isMet]) => !isMet);
  return unmet && { expected: `the state of a run ${unmet[1]}`, found: unmet[2] };
}

function haveSizes({ weights, biases }: Parameters, sizes: readonly number[]): boolean {
  const layers = sizes.slice(1);
  if (weights.length !== layers.length || biases.length !== layers.length) return false;
  return layers.every((n, l) => weights[l].length === n * sizes[l] && biases[l].length === n);
}

function sizesOf({ weights, biases }: Parameters): string {
  const inputs = weights[0].length / biases[0].length;
  return [inputs, ...biases.map(({ length }) => length)].join(",");
}

/** A copy of the state, with the engine's parameters and velocities and the state of the generator. */
export function snapshot(state: RunState, engine: Engine, random: Random, sizes: readonly number[]): RunState {
  const parameters = zeros(sizes);
  const velocities = state.velocities && zeros(sizes);
  engine.copyTo(parameters, velocities ?? undefined);
  const [finished, order, best] = [[...state.finished], state.order.slice(), structuredClone(state.best)];
  return { ...state, finished, order, random: random.state, parameters, velocities, best };
}
