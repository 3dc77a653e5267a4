/** The cost of one example as a function of any weighted input: what the gradient check differentiates. */
import { ACTIVATIONS } from "../network/activation.js";
import { COSTS } from "../network/cost.js";
import { dropFactor, type Masks } from "../network/dropout.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import type { Network } from "../network/network.js";

/**
 * The z and activations of a network for one example. The cost can be asked for as it would be with one z changed. It shares with the
 * engines only the tables of activations and costs and the masks of dropout, so that it can check them.
 */
export class ForwardPass {
  // One array per layer, from 0 = input, with one number per neuron.
  readonly #factors: Float64Array[]; // what dropout multiplies the activations by
  readonly #z: Float64Array[];
  readonly activations: Float64Array[];

  /** @param x  pixels, length sizes[0], scaled to 0..1 */
  constructor(
    private readonly network: Network,
    private readonly hyper: Hyperparameters,
    x: Float64Array,
    private readonly label: number,
    masks: Masks,
  ) {
    const { sizes } = network;
    this.#factors = sizes.map((n, l) => new Float64Array(n).map((_, j) => dropFactor(hyper.dropout, masks, l, j)));
    this.#z = [x];
    this.activations = [x];
    for (let l = 1; l < sizes.length; l++) {
      this.#z.push(this.#weightedInputs(l, this.activations[l - 1]));
      this.activations.push(this.#activate(l, this.#z[l]));
    }
  }

  /**
   * The example's cost, without the regularisation term, if z^l_j were larger by `change`. A change h of the bias b^l_j does this with
   * `change` = h, a change h of the weight w^l_jk with `change` = h a^(l-1)_k.
   */
  costWith(l: number, j: number, change: number): number {
    let z = this.#z[l].slice();
    z[j] += change;
    for (let next = l + 1; next < this.network.sizes.length; next++) {
      z = this.#weightedInputs(next, this.#activate(next - 1, z));
    }
    return COSTS[this.hyper.cost].value(z, this.label);
  }

  /** z = w a + b of layer l, for the activations a of layer l - 1. */
  #weightedInputs(l: number, a: Float64Array): Float64Array<ArrayBuffer> {
    const weights = this.network.weights[l - 1];
    return Float64Array.from(this.network.biases[l - 1], (b, j) => {
      let sum = b;
      for (let k = 0; k < a.length; k++) sum += weights[j * a.length + k] * a[k];
      return sum;
    });
  }

  #activate(l: number, z: Float64Array): Float64Array {
    return z.map((z, j) => ACTIVATIONS[this.network.activation].value(z) * this.#factors[l][j]);
  }
}
