import type { Network } from "../network/network.js";
import type { OutputName } from "../network/output.js";

/** An output neuron, and its activation. */
export interface Candidate {
  class: number;
  activation: number;
}

/** What a network says to one image. */
export interface Prediction {
  /** What the activations are: of `softmax`, probabilities; of `sigmoid`, each a number from 0 to 1 by itself. */
  output: OutputName;
  /** Of every output neuron. */
  activations: Float64Array;
  /** The best, the largest activation first; at least the answer. */
  best: Candidate[];
}

/**
 * The answer of a network, in float64.
 *
 * @param x    pixels, length sizes[0], scaled to 0..1
 * @param top  how many candidates, 1 or more
 * @throws RangeError if x has the wrong length
 */
export function predict(network: Network, x: Float64Array, top = 1): Prediction {
  const activations = network.feedforward(x);
  const candidates = Array.from(activations, (activation, c) => ({ class: c, activation }));
  candidates.sort((a, b) => b.activation - a.activation); // stable: the first of equals stays first
  return { output: network.output, activations, best: candidates.slice(0, top) };
}
