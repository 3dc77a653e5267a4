/** The answer of a network to one image. */
import type { Network } from "../network/network.js";
import type { OutputName } from "../network/output.js";

/** An output neuron and its activation. */
export interface Candidate {
  class: number;
  activation: number;
}

export interface Prediction {
  /** The activations of `softmax` are probabilities; those of `sigmoid` are independent numbers from 0 to 1. */
  output: OutputName;
  /** Length sizes.at(-1). */
  activations: Float64Array;
  /** The classes with the largest activations, largest first; the first one is the answer. */
  best: Candidate[];
}

/**
 * Computes in float64.
 *
 * @param x    pixels, length sizes[0], scaled to 0..1
 * @param top  the number of candidates, 1 or more
 * @throws RangeError if x has the wrong length
 */
export function predict(network: Network, x: Float64Array, top = 1): Prediction {
  const activations = network.feedforward(x);
  const candidates = Array.from(activations, (activation, c) => ({ class: c, activation }));
  candidates.sort((a, b) => b.activation - a.activation); // stable: of equals, the first one stays first
  return { output: network.output, activations, best: candidates.slice(0, top) };
}
