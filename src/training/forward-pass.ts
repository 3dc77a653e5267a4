import { ACTIVATIONS } from "../network/activation.js";
import { COSTS } from "../network/cost.js";
import { dropFactor, type Masks } from "../network/dropout.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import type { Network } from "../network/network.js";

/** A change of one number in layer l, 1 or more: of neuron j's z or bias, or of its weight from neuron k of the layer below. */
export type Change = { l: number; j: number } & ({ z: number } | { bias: number } | { k: number; weight: number });

/**
 * One example on its way through a network, whose cost can be asked for again with a number changed: what derivatives are derivatives of.
 * Plain loops over everything, for checking gradients; shares no code with the engines but the tables and the masks.
 */
export class ForwardPass {
  readonly #network: Network;
  readonly #cost: Hyperparameters["cost"];
  readonly #label: number;
  /** Of hidden neurons: what dropout multiplies them by; by layer, as all that follows. */
  readonly #factors: Float64Array[];
  readonly #z: Float64Array[];
  readonly activations: Float64Array[];

  constructor(network: Network, hyper: Hyperparameters, x: Float64Array, label: number, masks: Masks) {
    this.#network = network;
    this.#cost = hyper.cost;
    this.#label = label;
    this.#factors = network.sizes.map((n, l) =>
      Float64Array.from({ length: n }, (_, j) => dropFactor(hyper.dropout, masks, l, j)),
    );
    this.#z = [x];
    this.activations = [x];
    for (let l = 1; l < network.sizes.length; l++) {
      this.#z.push(this.#weightedInputs(l, this.activations[l - 1]));
      this.activations.push(this.#activate(l, this.#z[l]));
    }
  }

  /** The example's cost, without the regularisation term, with one number changed by so much. */
  costWith(change: Change): number {
    const { l, j } = change;
    let z: Float64Array = this.#z[l].slice();
    if ("z" in change) z[j] += change.z;
    if ("bias" in change) z[j] += change.bias;
    if ("k" in change) z[j] += change.weight * this.activations[l - 1][change.k];
    for (let above = l + 1; above < this.#network.sizes.length; above++) {
      z = this.#weightedInputs(above, this.#activate(above - 1, z));
    }
    return COSTS[this.#cost].value(z, this.#label);
  }

  /** z of layer l: w a + b. */
  #weightedInputs(l: number, a: Float64Array): Float64Array {
    const weights = this.#network.weights[l - 1];
    return this.#network.biases[l - 1].map((b, j) => {
      let sum = b;
      for (let k = 0; k < a.length; k++) sum += weights[j * a.length + k] * a[k];
      return sum;
    });
  }

  #activate(l: number, z: Float64Array): Float64Array {
    return z.map((z, j) => ACTIVATIONS[this.#network.activation].value(z) * this.#factors[l][j]);
  }
}
