import type { Dataset } from "../data/dataset.js";
import { SparseVector } from "../data/sparse-vector.js";
import { ENGINES, type EngineName } from "../engines/engines.js";
import { TextbookEngine } from "../engines/textbook/textbook.js";
import { ConfigurationError } from "../errors.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import { copy, Network, zeros } from "../network/network.js";
import type { Random } from "../network/random.js";
import { BOUNDS, type Bounds, type Comparison, compare, type Pair, slope, spoil } from "./comparison.js";
import { type Change, ForwardPass } from "./forward-pass.js";

/** What is compared, in the order in which it is checked. */
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
  /** For which numbers to compare, and for dropout's masks. */
  random: Random;
  /** Spoils one number of this comparison by 1 %, to show that it is noticed. */
  broken?: CheckName;
}

/** Examples, and numbers a layer and example, that are compared at most. */
const [EXAMPLES, NUMBERS] = [5, 100];

/**
 * Compares backpropagation in `network` with central differences of the cost, and the fast engine with the textbook engine, on the first
 * training examples; one comparison after the other.
 *
 * Independent of the engines: the cost as a function of any z, weight or bias is worked out by `ForwardPass`.
 *
 * @throws ConfigurationError if there is nothing of what is to be spoiled
 */
export async function* checkGradients(
  network: Network,
  data: Dataset,
  options: CheckOptions,
): AsyncGenerator<Check, void> {
  const isDeep = network.sizes.length > 2;
  if (options.broken === "BP2" && !isDeep) {
    const found = `layers ${network.sizes.join(",")}`;
    throw new ConfigurationError({ thing: "break BP2", expected: "a hidden layer", found });
  }
  const check = (name: CheckName, layers: Pair[][], bounds: Bounds): Check => {
    if (options.broken === name) spoil(layers, bounds);
    return { name, compared: CHECKS[name], ...compare(layers, bounds) };
  };
  const m = Math.min(EXAMPLES, options.batchSize, data.training.labels.length);
  const batch = Uint32Array.from({ length: m }, (_, i) => i);
  const subject = { network, data, options, batch, seed: options.random.uint32() };
  const pairs = backpropPairs(subject);
  for (const name of ["BP1", "BP2", "BP3", "BP4"] as const) {
    if (name === "BP2" && !isDeep) continue;
    yield check(name, pairs[name], BOUNDS.differences);
  }
  yield check("step", await stepPairs(subject), BOUNDS.differences);
  yield check("fast", await enginePairs(subject), BOUNDS.float32);
}

/** What is checked: a network on a mini-batch of the training examples, with dropout's masks from `seed`. */
interface Subject {
  network: Network;
  data: Dataset;
  options: CheckOptions;
  batch: Uint32Array;
  seed: number;
}

/** By layer, the pairs of each equation. */
function backpropPairs({ network, data, options, batch, seed }: Subject) {
  const { sizes } = network;
  const L = sizes.length - 1;
  const byLayer = (): Pair[][] => sizes.map(() => []);
  const pairs = { BP1: byLayer(), BP2: byLayer(), BP3: byLayer(), BP4: byLayer() };
  const engine = new TextbookEngine(network, data, options);
  const x = new SparseVector(sizes[0]);
  for (const example of batch) {
    data.training.images.read(example, x);
    const label = data.training.labels[example];
    const masks = { seed, first: example };
    const nabla = zeros(sizes);
    engine.backprop(x, label, nabla, masks);
    const pass = new ForwardPass(network, options, x.toDense(), label, masks);
    for (let l = 1; l <= L; l++) {
      for (const j of sample(sizes[l], options.random)) {
        const delta = slope((h) => pass.costWith({ l, j, z: h }));
        pairs[l === L ? "BP1" : "BP2"][l].push([engine.delta[l][j], delta]);
        pairs.BP3[l].push([nabla.biases[l - 1][j], slope((h) => pass.costWith({ l, j, bias: h }))]);
      }
      for (const i of sampleWeights(pass.activations[l - 1], sizes[l], options.random)) {
        const [j, k] = [Math.floor(i / sizes[l - 1]), i % sizes[l - 1]];
        pairs.BP4[l].push([nabla.weights[l - 1][i], slope((h) => pass.costWith({ l, j, k, weight: h }))]);
      }
    }
  }
  return pairs;
}

/**
 * How far a mini-batch moves parameters against the slope of its regularised cost, and that slope. At a learning rate of 1, for a small one
 * leaves only the rounding of the parameters: the step is eta times as long.
 */
async function stepPairs(subject: Subject): Promise<Pair[][]> {
  const { network, data, options, batch, seed } = subject;
  const { sizes, weights, biases } = network;
  const { lambda, l1 } = options;
  const m = batch.length;
  const n = data.training.labels.length;
  const plain = { ...options, eta: 1, maxNorm: Number.POSITIVE_INFINITY };
  const moved = await step("textbook", { ...subject, options: plain });
  const passes = Array.from(batch, (example) => {
    const x = data.training.images.pixels(example);
    return new ForwardPass(network, options, x, data.training.labels[example], { seed, first: example });
  });
  const pairs: Pair[][] = sizes.map(() => []);
  const meanCost = (change: Change) => passes.reduce((sum, pass) => sum + pass.costWith(change), 0) / m;
  for (let l = 1; l < sizes.length; l++) {
    for (const j of sample(sizes[l], options.random)) {
      const found = biases[l - 1][j] - moved.biases[l - 1][j];
      pairs[l].push([found, slope((h) => meanCost({ l, j, bias: h }))]);
    }
    for (const i of sampleWeights(passes[0].activations[l - 1], sizes[l], options.random)) {
      const [j, k] = [Math.floor(i / sizes[l - 1]), i % sizes[l - 1]];
      const w = weights[l - 1][i];
      const penalty = (h: number) =>
        (lambda / (2 * n)) * ((w + h) ** 2 - w ** 2) + (l1 / n) * (Math.abs(w + h) - Math.abs(w));
      const found = w - moved.weights[l - 1][i];
      pairs[l].push([found, slope((h) => meanCost({ l, j, k, weight: h }) + penalty(h))]);
    }
  }
  return pairs;
}

/** How far either engine moves all parameters. */
async function enginePairs(subject: Subject): Promise<Pair[][]> {
  const start = copyOf(subject.network);
  for (const values of [...start.weights, ...start.biases]) values.set(Float32Array.from(values)); // where float32 can start
  const fast = await step("fast", { ...subject, network: start });
  const textbook = await step("textbook", { ...subject, network: start });
  return (["weights", "biases"] as const).flatMap((kind) =>
    start[kind].map((before, l) =>
      Array.from(before, (value, i): Pair => [fast[kind][l][i] - value, textbook[kind][l][i] - value]),
    ),
  );
}

/** A copy of `network` after a mini-batch with that engine. */
async function step(name: EngineName, { network, data, options, batch, seed }: Subject): Promise<Network> {
  const moved = copyOf(network);
  const settings = { ...options, batchSize: batch.length };
  const engine = await ENGINES[name].check({ network: moved, data, settings })(moved);
  await engine.train(batch, options.eta, { seed, first: 0 });
  await engine.finish();
  return moved;
}

function copyOf(network: Network): Network {
  const other = new Network(network.sizes, network);
  copy(network, other);
  return other;
}

/** Indices below n: all of them, or NUMBERS at random. */
function sample(n: number, random: Random): number[] {
  const all = Array.from({ length: n }, (_, i) => i);
  return n <= NUMBERS ? all : Array.from({ length: NUMBERS }, () => random.uint32() % n);
}

/** Indices of weights into a layer of n neurons, (n, a.length) row-major, from inputs that are not 0 if there are any: the others' gradient is 0. */
function sampleWeights(a: Float64Array, n: number, random: Random): number[] {
  const inputs = Array.from(a.keys()).filter((k) => a[k] !== 0);
  const sources = inputs.length > 0 ? inputs : [...a.keys()];
  return sample(n * sources.length, random).map((i) => {
    const j = Math.floor(i / sources.length);
    return j * a.length + sources[i % sources.length];
  });
}
