import type { Dataset } from "../../data/dataset.js";
import type { Part } from "../../data/parts.js";
import { SparseVector } from "../../data/sparse-vector.js";
import { ACTIVATIONS } from "../../network/activation.js";
import { COSTS, y } from "../../network/cost.js";
import { dropFactor, type Masks } from "../../network/dropout.js";
import { DEFAULTS, type Hyperparameters } from "../../network/hyperparameters.js";
import { copy, type Network, type Parameters, zeros } from "../../network/network.js";
import { OUTPUTS } from "../../network/output.js";
import type { Engine } from "../engine.js";
import { add, addOuterProduct, multiply, multiplyTransposed } from "./matrix.js";
import { Turns } from "./turns.js";

/**
 * The book's program in float64 and plain loops (Nielsen, chapters 1 to 3, `network.py` and `network2.py`), against which any other
 * engine is measured.
 *
 * Where the book has column vectors, there are flat arrays, and where it has a matrix product, a loop. Layers count from
 * 0 = input: `weights[l]` leads from layer l into layer l + 1, whose values are `z[l + 1]`, `activations[l + 1]` and
 * `delta[l + 1]`. What the book calls sigma is the network's activation f here.
 *
 * The one liberty: an activation of exactly 0 adds nothing to z nor to the gradient, so only the others are visited. Four of
 * five pixels of MNIST are 0, and skipping them changes no result.
 */
export class TextbookEngine implements Engine {
  readonly examplesAtOnce = 1024;
  readonly #network: Network;
  readonly #data: Dataset;
  readonly #hyper: Hyperparameters;
  readonly #turns = new Turns();

  // Scratch, one array a layer of its size; index 0 of z, activations, delta and factors stays unused.
  readonly #z: Float64Array[];
  readonly #activations: Float64Array[];
  readonly #delta: Float64Array[];
  /** Of hidden neurons: 0 for those that dropout leaves out of an example, 1 / (1 - dropout) for the others. Without dropout 1. */
  readonly #factors: Float64Array[];
  /** The activations of each layer but the last, without the zeros; [0] is the example's x. */
  readonly #inputs: SparseVector[];
  readonly #x: SparseVector;
  /** The sum of the gradients over a mini-batch. */
  readonly #nabla: Parameters;
  /** The v of momentum, if there is any. */
  readonly #velocity: Parameters | undefined;
  /** What `outputs` gives. */
  readonly #outputs: Float64Array;

  /** @param velocities  to start from, by default 0 */
  constructor(
    network: Network,
    data: Dataset,
    hyperparameters: Partial<Hyperparameters> = {},
    velocities?: Parameters,
  ) {
    this.#network = network;
    this.#data = data;
    this.#hyper = { ...DEFAULTS, ...hyperparameters };
    const layers = () => network.sizes.map((n) => new Float64Array(n));
    this.#z = layers();
    this.#activations = layers();
    this.#delta = layers();
    this.#factors = layers();
    this.#inputs = network.sizes.map((n) => new SparseVector(n));
    this.#x = new SparseVector(network.sizes[0]);
    this.#nabla = zeros(network.sizes);
    this.#outputs = new Float64Array(this.examplesAtOnce * network.sizes[network.sizes.length - 1]);
    if (this.#hyper.momentum > 0) this.#velocity = velocities ?? zeros(network.sizes);
  }

  /** The errors delta^l of the last example that `backprop` saw, by layer; [0] is empty of meaning. */
  get delta(): readonly Float64Array[] {
    return this.#delta;
  }

  async train(order: Uint32Array, eta: number, masks?: Masks): Promise<void> {
    const { batchSize } = this.#hyper;
    for (let k = 0; k < order.length; k += batchSize) {
      const batchMasks = masks && { ...masks, first: masks.first + k };
      await this.updateMiniBatch(order.subarray(k, k + batchSize), eta, batchMasks);
    }
  }

  /**
   * One step of gradient descent: moves every weight and bias by -(eta/m) times the sum of its gradients over the m examples of
   * the mini-batch (Nielsen, equations 20 and 21), and by what regularisation and momentum add to that.
   *
   * @param batch  indices of training examples
   */
  async updateMiniBatch(batch: Uint32Array, eta: number, masks?: Masks): Promise<void> {
    const { weights, biases } = this.#network;
    const { images, labels } = this.#data.training;
    const nabla = this.#nabla;
    for (const [k, example] of batch.entries()) {
      images.read(example, this.#x);
      this.backprop(this.#x, labels[example], nabla, masks && { ...masks, first: masks.first + k });
      if (this.#turns.due()) await this.#turns.give();
    }
    const { lambda, l1, momentum, maxNorm } = this.#hyper;
    const m = batch.length;
    const n = labels.length;
    for (let l = 0; l < weights.length; l++) {
      if (lambda > 0 || l1 > 0) addPenalty(nabla.weights[l], weights[l], (m * lambda) / n, (m * l1) / n);
      if (this.#velocity) {
        accelerate(this.#velocity.weights[l], nabla.weights[l], momentum, eta / m);
        accelerate(this.#velocity.biases[l], nabla.biases[l], momentum, eta / m);
        add(weights[l], this.#velocity.weights[l]);
        add(biases[l], this.#velocity.biases[l]);
      } else {
        descend(weights[l], nabla.weights[l], eta / m);
        descend(biases[l], nabla.biases[l], eta / m);
      }
      if (maxNorm < Number.POSITIVE_INFINITY) shorten(weights[l], this.#network.sizes[l], maxNorm);
      nabla.weights[l].fill(0);
      nabla.biases[l].fill(0);
      if (this.#turns.due()) await this.#turns.give();
    }
  }

  /**
   * Adds the gradient of one example's cost to `nabla`.
   *
   * Backpropagation, equations BP1-BP4 (Nielsen, chapter 2). Does not change the network; allocates nothing.
   *
   * @param x      pixels scaled to 0..1, length sizes[0]
   * @param label  the digit, 0 .. sizes.at(-1) - 1
   * @param nabla  added to, not overwritten; nabla.weights[l] is (sizes[l + 1], sizes[l]) row-major
   * @param masks  which hidden neurons dropout leaves out of this example; none if missing
   * @returns this example's cost, without the regularisation term
   * @throws RangeError if x has the wrong length or label names no output neuron
   */
  backprop(x: SparseVector, label: number, nabla: Parameters, masks?: Masks): number {
    const { sizes, weights, activation } = this.#network;
    const f = ACTIVATIONS[activation];
    const cost = COSTS[this.#hyper.cost];
    const z = this.#z;
    const activations = this.#activations;
    const delta = this.#delta;
    const L = weights.length; // the output layer
    if (!(label >= 0 && label < sizes[L])) throw new RangeError(`label: expected 0 to ${sizes[L] - 1}, found ${label}`);
    this.#drawFactors(masks);
    this.#feedforward(x);
    OUTPUTS[this.#network.output].activate(z[L], activations[L]);

    // The error of the output layer.
    for (let j = 0; j < sizes[L]; j++) {
      delta[L][j] = cost.delta(z[L][j], activations[L][j], y(j, label)); // BP1
    }
    // The error of each layer before it, from the error of the next.
    for (let l = L - 1; l > 0; l--) {
      multiplyTransposed(weights[l], delta[l + 1], delta[l]);
      for (let k = 0; k < sizes[l]; k++) delta[l][k] *= f.derivative(z[l][k]) * this.#factors[l][k]; // BP2
    }
    // The gradient, from the errors.
    for (let l = 1; l <= L; l++) {
      add(nabla.biases[l - 1], delta[l]); // BP3
      addOuterProduct(nabla.weights[l - 1], delta[l], this.#inputs[l - 1]); // BP4
    }
    return cost.value(z[L], label);
  }

  async outputs(part: Part, from: number, to: number): Promise<Float64Array> {
    const { images } = this.#data[part];
    const z = this.#z[this.#z.length - 1];
    this.#drawFactors(undefined);
    for (let example = from; example < to; example++) {
      images.read(example, this.#x);
      this.#feedforward(this.#x);
      this.#outputs.set(z, (example - from) * z.length);
      if (this.#turns.due()) await this.#turns.give();
    }
    return this.#outputs.subarray(0, (to - from) * z.length);
  }

  isFinite(): boolean {
    const { weights, biases } = this.#network;
    return [...weights, ...biases].every((values) => values.every(Number.isFinite));
  }

  copyTo(parameters: Parameters, velocities?: Parameters): void {
    copy(this.#network, parameters);
    if (velocities && this.#velocity) copy(this.#velocity, velocities);
  }

  async finish(): Promise<void> {} // it has worked on the network's own arrays

  /** Keeps every layer's z = w a + b, and the activations a = f(z) of the hidden ones (Nielsen, equation 25). */
  #feedforward(x: SparseVector): void {
    const { sizes, weights, biases } = this.#network;
    const f = ACTIVATIONS[this.#network.activation];
    const z = this.#z;
    const activations = this.#activations;
    if (x.length !== sizes[0]) throw new RangeError(`x: expected ${sizes[0]} numbers, found ${x.length}`);
    this.#inputs[0] = x;
    for (let l = 1; l < sizes.length; l++) {
      multiply(weights[l - 1], this.#inputs[l - 1], z[l]);
      add(z[l], biases[l - 1]);
      if (l === sizes.length - 1) break;
      for (let j = 0; j < sizes[l]; j++) activations[l][j] = f.value(z[l][j]) * this.#factors[l][j];
      this.#inputs[l].set(activations[l]);
    }
  }

  #drawFactors(masks: Masks | undefined): void {
    const { dropout } = this.#hyper;
    for (let l = 1; l < this.#factors.length - 1; l++) {
      const factors = this.#factors[l];
      if (masks === undefined || dropout === 0) {
        factors.fill(1);
        continue;
      }
      for (let j = 0; j < factors.length; j++) factors[j] = dropFactor(dropout, masks, l, j);
    }
  }
}

/** Takes step times the gradient off the values. */
function descend(values: Float64Array, gradient: Float64Array, step: number): void {
  for (let i = 0; i < values.length; i++) values[i] -= step * gradient[i];
}

/** v -> v' = mu v - step times the gradient (Nielsen, chapter 3, equation 107). */
function accelerate(velocity: Float64Array, gradient: Float64Array, mu: number, step: number): void {
  for (let i = 0; i < velocity.length; i++) velocity[i] = mu * velocity[i] - step * gradient[i];
}

/** Adds the gradient of l2/2 times the sum of w^2 and of l1 times that of |w| (Nielsen, chapter 3, equations 91 and 96). */
function addPenalty(gradient: Float64Array, weights: Float64Array, l2: number, l1: number): void {
  for (let i = 0; i < weights.length; i++) gradient[i] += l2 * weights[i] + l1 * Math.sign(weights[i]);
}

/** Scales each row that is longer than maxNorm down to that. */
function shorten(weights: Float64Array, width: number, maxNorm: number): void {
  for (let row = 0; row < weights.length; row += width) {
    let sum = 0;
    for (let i = row; i < row + width; i++) sum += weights[i] * weights[i];
    if (sum <= maxNorm * maxNorm) continue;
    const scale = maxNorm / Math.sqrt(sum);
    for (let i = row; i < row + width; i++) weights[i] *= scale;
  }
}
