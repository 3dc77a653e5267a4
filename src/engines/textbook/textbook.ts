/** Gradient descent and backpropagation as chapters 1 and 2 of Nielsen's book derive them. README.md here derives the equations. */
import type { Dataset } from "../../data/dataset.js";
import type { Images } from "../../data/images.js";
import { ACTIVATIONS } from "../../network/activation.js";
import { COSTS, y } from "../../network/cost.js";
import { type Masks, masksFrom } from "../../network/dropout.js";
import { DEFAULTS, type Hyperparameters } from "../../network/hyperparameters.js";
import { type Network, type Parameters, zeros } from "../../network/network.js";
import { OUTPUTS } from "../../network/output.js";
import { addRegularisation, descendWithMomentum, dropOut, limitNorms } from "./chapter3.js";

/** Where the pixels of an example come from. */
type ImageSource = Pick<Images, "readPixels">;

/**
 * The book's program `network.py` as plain loops in float64.
 *
 * Layers count from 0 = input to L = output. The book's w^l and b^l, which lead into layer l, are `weights[l - 1]` and `biases[l - 1]`.
 * A matrix is a flat array, row after row: w^l_jk, the weight from neuron k of layer l - 1 to neuron j of layer l, is
 * `weights[l - 1][j * sizes[l - 1] + k]`. Comments in brackets give shapes for the layers [784, 30, 10].
 */
export class Textbook {
  readonly network: Network; // [weights[0] is 30 x 784, weights[1] is 10 x 30; biases[0] has length 30]
  readonly data: Dataset;
  readonly hyper: Hyperparameters;
  // What the last example gave: for each layer l, one number per neuron. z[0] and delta[0] are not used.
  readonly z: Float64Array[]; // the weighted inputs z^l [z[1] has length 30, z[2] has length 10]
  readonly activations: Float64Array[]; // a^l; activations[0] is x [length 784; else as z]
  readonly delta: Float64Array[]; // the errors delta^l [as z]
  readonly #sigmaPrime: Float64Array[]; // sigma'(z^l) of the hidden layers [as z]
  readonly #x: Float64Array; // the pixels of one image [length 784]
  readonly #nabla: Parameters; // the sum of a mini-batch's gradients [nabla.weights[0] is 30 x 784]
  readonly velocity: Parameters | undefined; // v of momentum, chapter 3 [as nabla]

  /** @param velocity  where momentum starts, by default at 0 */
  constructor(network: Network, data: Dataset, hyper: Partial<Hyperparameters> = {}, velocity?: Parameters) {
    const { sizes } = network;
    const layers = () => sizes.map((n) => new Float64Array(n));
    this.network = network;
    this.data = data;
    this.hyper = { ...DEFAULTS, ...hyper };
    [this.z, this.activations, this.delta, this.#sigmaPrime] = [layers(), layers(), layers(), layers()];
    this.#x = new Float64Array(sizes[0]);
    this.#nabla = zeros(sizes);
    if (this.hyper.momentum > 0) this.velocity = velocity ?? zeros(sizes);
  }

  /**
   * One step of gradient descent: moves every weight and bias by -eta/m times the sum of its gradients over the m examples of a
   * mini-batch (Nielsen, equations 20 and 21).
   *
   * @param batch   indices of training examples, length m
   * @param masks   which hidden neurons dropout leaves out, chapter 3
   * @param images  the training images, or distortions of them
   */
  updateMiniBatch(
    batch: Uint32Array,
    eta: number,
    masks?: Masks,
    images: ImageSource = this.data.training.images,
  ): void {
    const { weights, biases } = this.network;
    const { labels } = this.data.training;
    const nabla = this.#nabla;
    const m = batch.length;
    for (const values of [...nabla.weights, ...nabla.biases]) values.fill(0);
    for (let i = 0; i < m; i++) {
      images.readPixels(batch[i], this.#x);
      this.backprop(this.#x, labels[batch[i]], nabla, masksFrom(masks, i));
    }
    addRegularisation(nabla.weights, weights, this.hyper, m, labels.length); // chapter 3
    if (this.velocity) {
      descendWithMomentum(this.network, this.velocity, nabla, this.hyper.momentum, eta / m); // chapter 3
    } else {
      for (let l = 0; l < weights.length; l++) {
        descend(weights[l], nabla.weights[l], eta / m); // equation 20
        descend(biases[l], nabla.biases[l], eta / m); // equation 21
      }
    }
    limitNorms(this.network, this.hyper); // chapter 3
  }

  /**
   * Adds the gradient of one example's cost to `nabla`.
   *
   * Backpropagation, equations BP1-BP4 (Nielsen, chapter 2). Does not change the network; allocates nothing.
   *
   * @param x      pixels, length sizes[0], scaled to 0..1
   * @param label  the digit, 0 .. sizes.at(-1) - 1
   * @param nabla  added to, not overwritten; nabla.weights[l] is (sizes[l + 1], sizes[l]) row-major
   * @param masks  which hidden neurons dropout leaves out of this example; without, none
   * @returns this example's cost, without the regularisation term
   * @throws RangeError if x has the wrong length or label names no output neuron
   */
  backprop(x: Float64Array, label: number, nabla: Parameters, masks?: Masks): number {
    const { sizes, weights } = this.network;
    const sigma = ACTIVATIONS[this.network.activation];
    const cost = COSTS[this.hyper.cost];
    const [z, activations, delta, sigmaPrime] = [this.z, this.activations, this.delta, this.#sigmaPrime];
    const L = sizes.length - 1;
    if (!(label >= 0 && label < sizes[L])) throw new RangeError(`label: expected 0 to ${sizes[L] - 1}, found ${label}`);
    this.feedforward(x, masks);
    for (let j = 0; j < sizes[L]; j++) {
      delta[L][j] = cost.delta(z[L][j], activations[L][j], y(j, label)); // BP1
    }
    for (let l = L - 1; l > 0; l--) {
      for (let k = 0; k < sizes[l]; k++) sigmaPrime[l][k] = sigma.derivative(z[l][k]);
      dropOut(sigmaPrime[l], l, this.hyper.dropout, masks); // chapter 3
      for (let k = 0; k < sizes[l]; k++) {
        let sum = 0;
        for (let j = 0; j < sizes[l + 1]; j++) sum += weights[l][j * sizes[l] + k] * delta[l + 1][j];
        delta[l][k] = sum * sigmaPrime[l][k]; // BP2
      }
    }
    for (let l = 1; l <= L; l++) {
      const [a, d] = [activations[l - 1], delta[l]]; // [for l = 1: length 784, length 30]
      const [nablaW, nablaB] = [nabla.weights[l - 1], nabla.biases[l - 1]]; // [for l = 1: 30 x 784, length 30]
      for (let j = 0; j < d.length; j++) nablaB[j] += d[j]; // BP3
      for (let k = 0; k < a.length; k++) {
        const ak = a[k];
        if (ak === 0) continue; // four of five pixels of MNIST are 0 and add nothing
        for (let j = 0; j < d.length; j++) nablaW[j * a.length + k] += ak * d[j]; // BP4
      }
    }
    return cost.value(z[L], label);
  }

  /**
   * Computes z^l = w^l a^(l-1) + b^l and a^l = sigma(z^l) for each layer in turn (Nielsen, equation 25).
   *
   * @throws RangeError if x has the wrong length
   */
  feedforward(x: Float64Array, masks?: Masks): void {
    const { sizes, weights, biases, activation, output } = this.network;
    const activations = this.activations;
    const L = sizes.length - 1;
    if (x.length !== sizes[0]) throw new RangeError(`x: expected ${sizes[0]} numbers, found ${x.length}`);
    activations[0] = x;
    for (let l = 1; l <= L; l++) {
      const [a, z] = [activations[l - 1], this.z[l]]; // [for l = 1: length 784, length 30]
      const [w, b] = [weights[l - 1], biases[l - 1]]; // [for l = 1: 30 x 784, length 30]
      z.fill(0);
      for (let k = 0; k < a.length; k++) {
        const ak = a[k];
        if (ak === 0) continue;
        for (let j = 0; j < z.length; j++) z[j] += w[j * a.length + k] * ak;
      }
      for (let j = 0; j < z.length; j++) z[j] += b[j];
      if (l === L) OUTPUTS[output].activate(z, activations[L]);
      else {
        for (let j = 0; j < z.length; j++) activations[l][j] = ACTIVATIONS[activation].value(z[j]);
        dropOut(activations[l], l, this.hyper.dropout, masks); // chapter 3
      }
    }
  }
}

/** Takes `step` times the gradient away from the values, number by number. */
function descend(values: Float64Array, gradient: Float64Array, step: number): void {
  for (let i = 0; i < values.length; i++) values[i] -= step * gradient[i];
}
