/** `bp-train check`: compares backpropagation with differences of the cost, and the fast engine with the textbook. */
import type { Dataset } from "../data/dataset.js";
import type { SimdChoice } from "../engines/engine.js";
import { ENGINES, type EngineName } from "../engines/engines.js";
import { Textbook } from "../engines/textbook/textbook.js";
import { ConfigurationError } from "../errors.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import { arraysOf, copy, Network, zeros } from "../network/network.js";
import type { Random } from "../network/random.js";
import { BOUNDS, type Bounds, type Comparison, compare, type Pair, slope, spoil } from "./comparison.js";
import { ForwardPass } from "./forward-pass.js";

/** The comparisons, in their order, and the two things that each compares. */
const CHECKS = {
  BP1: "output delta and dC/dz",
  BP2: "hidden delta and dC/dz",
  BP3: "bias gradient and dC/db",
  BP4: "weight gradient and dC/dw",
  step: "a mini-batch's step and its cost's slope",
  fast: "the fast engine's step and the textbook's",
} as const;
export type CheckName = keyof typeof CHECKS;

export interface Check extends Comparison {
  name: CheckName;
  compared: string;
}

interface CheckOptions extends Hyperparameters {
  eta: number;
  threads: number;
  simd?: SimdChoice;
  /** Chooses the numbers to compare, and the masks of dropout. */
  random: Random;
  /** Makes one number of this comparison wrong by 1 %, to show that the comparison notices it. */
  broken?: CheckName;
}

/** The largest number of examples, and of neurons and of weights per layer and example, that are compared. */
const [EXAMPLES, NUMBERS] = [5, 100];

/**
 * Compares, on a mini-batch of the first training examples, backpropagation with central differences of the cost, and the step of the
 * fast engine with that of the textbook. Yields one comparison after the other. Does not change the network.
 *
 * @throws ConfigurationError if BP2 is to be broken in a network without hidden layers
 */
export async function* checkGradients(network: Network, data: Dataset, options: CheckOptions): AsyncGenerator<Check> {
  const isDeep = network.sizes.length > 2;
  if (options.broken === "BP2" && !isDeep) {
    const layers = network.sizes.join(",");
    throw new ConfigurationError({ thing: "break BP2", expected: "a hidden layer", found: `layers ${layers}` });
  }
  const check = (name: CheckName, layers: Pair[][], bounds: Bounds): Check => {
    if (options.broken === name) spoil(layers, bounds);
    return { name, compared: CHECKS[name], ...compare(layers, bounds) };
  };
  const task = taskOf(network, data, options);
  const pairs = backpropPairs(task);
  for (const name of ["BP1", "BP2", "BP3", "BP4"] as const) {
    if (name !== "BP2" || isDeep) yield check(name, pairs[name], BOUNDS.differences);
  }
  yield check("step", await stepPairs(task), BOUNDS.differences);
  yield check("fast", await enginePairs(task), BOUNDS.float32);
}

/** The mini-batch consists of the training examples 0, 1, 2, ... */
function taskOf(network: Network, data: Dataset, options: CheckOptions) {
  const { images, labels } = data.training;
  const seed = options.random.uint32();
  const examples = Array.from({ length: Math.min(EXAMPLES, options.batchSize, labels.length) }, (_, i) => {
    const [x, label, masks] = [images.pixels(i), labels[i], { seed, first: i }];
    return { x, label, masks, pass: new ForwardPass(network, options, x, label, masks) };
  });
  return { network, data, options, examples };
}
type Task = ReturnType<typeof taskOf>;

/** Pairs for each equation, by layer: what backpropagation computes, and the slope of one example's cost. */
function backpropPairs({ network, data, options, examples }: Task) {
  const { sizes } = network;
  const L = sizes.length - 1;
  const layers = (): Pair[][] => sizes.map(() => []);
  const pairs = { BP1: layers(), BP2: layers(), BP3: layers(), BP4: layers() };
  const textbook = new Textbook(network, data, options);
  for (const { x, label, masks, pass } of examples) {
    const nabla = zeros(sizes);
    textbook.backprop(x, label, nabla, masks);
    for (let l = 1; l <= L; l++) {
      for (const j of sample(sizes[l], options.random)) {
        const expected = slope((h) => pass.costWith(l, j, h)); // both dC/dz and dC/db
        pairs[l === L ? "BP1" : "BP2"][l].push([textbook.delta[l][j], expected]);
        pairs.BP3[l].push([nabla.biases[l - 1][j], expected]);
      }
      const a = pass.activations[l - 1];
      for (const [j, k] of sampleWeights(a, sizes[l], options.random)) {
        pairs.BP4[l].push([nabla.weights[l - 1][j * a.length + k], slope((h) => pass.costWith(l, j, h * a[k]))]);
      }
    }
  }
  return pairs;
}

/**
 * Pairs, by layer: the distance that the textbook moves a parameter downhill, and the slope of the mini-batch's cost with the
 * regularisation term. The two are equal for eta = 1; with a smaller eta, rounding would hide a small step.
 */
async function stepPairs(task: Task): Promise<Pair[][]> {
  const { network, data, options, examples } = task;
  const { sizes, weights, biases } = network;
  const { lambda, l1, random } = options;
  const n = data.training.labels.length;
  const moved = await step("textbook", { ...task, options: { ...options, eta: 1, maxNorm: Number.POSITIVE_INFINITY } });
  const mean = (cost: (pass: ForwardPass) => number) =>
    examples.reduce((sum, { pass }) => sum + cost(pass), 0) / examples.length;
  const pairs: Pair[][] = sizes.map(() => []);
  for (let l = 1; l < sizes.length; l++) {
    for (const j of sample(sizes[l], random)) {
      const cost = (h: number) => mean((pass) => pass.costWith(l, j, h));
      pairs[l].push([biases[l - 1][j] - moved.biases[l - 1][j], slope(cost)]);
    }
    for (const [j, k] of sampleWeights(examples[0].pass.activations[l - 1], sizes[l], random)) {
      const i = j * sizes[l - 1] + k;
      const w = weights[l - 1][i];
      const penalty = (h: number) =>
        (lambda / (2 * n)) * ((w + h) * (w + h) - w * w) + (l1 / n) * (Math.abs(w + h) - Math.abs(w));
      const cost = (h: number) => mean((pass) => pass.costWith(l, j, h * pass.activations[l - 1][k])) + penalty(h);
      pairs[l].push([w - moved.weights[l - 1][i], slope(cost)]);
    }
  }
  return pairs;
}

/** Pairs for every array of parameters: the distances that the fast engine and the textbook move them. */
async function enginePairs(task: Task): Promise<Pair[][]> {
  const network = copyOf(task.network);
  for (const values of arraysOf(network)) values.set(Float32Array.from(values)); // numbers that float32 can hold
  const fast = arraysOf(await step("fast", { ...task, network }));
  const textbook = arraysOf(await step("textbook", { ...task, network }));
  return arraysOf(network).map((start, n) =>
    Array.from(start, (value, i): Pair => [fast[n][i] - value, textbook[n][i] - value]),
  );
}

/** A copy of the network, trained on the mini-batch with that engine. */
async function step(engineName: EngineName, { network, data, options, examples }: Task): Promise<Network> {
  const moved = copyOf(network);
  const settings = { ...options, batchSize: examples.length };
  const engine = await ENGINES[engineName].check({ network, data, settings })(moved);
  await engine.train(Uint32Array.from(examples.keys()), [options.eta], { masks: examples[0].masks });
  await engine.finish();
  return moved;
}

function copyOf(network: Network): Network {
  const other = new Network(network.sizes, network);
  copy(network, other);
  return other;
}

/** Indices from 0 to n - 1: all of them, or NUMBERS at random if there are more. */
function sample(n: number, random: Random): number[] {
  return Array.from({ length: Math.min(n, NUMBERS) }, (_, i) => (n <= NUMBERS ? i : random.uint32() % n));
}

/**
 * Weights into a layer of n neurons, each as [neuron j of the layer, neuron k of the layer before]. They lead from neurons whose
 * activation `a` is not 0, because the gradient of the others is 0; from any if all are 0.
 */
function sampleWeights(a: Float64Array, n: number, random: Random): [j: number, k: number][] {
  const active = Array.from(a.keys()).filter((k) => a[k] !== 0);
  const sources = active.length > 0 ? active : [...a.keys()];
  return sample(n * sources.length, random).map((i) => [Math.floor(i / sources.length), sources[i % sources.length]]);
}
