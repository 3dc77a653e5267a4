/** Chooses the hidden neurons that dropout leaves out of each example (Srivastava and others, 2014). */
import { randomBits } from "./random-bits.js";

/** The masks of consecutive examples of an epoch. A mask is the choice of neurons for one example. */
export interface Masks {
  /** For the whole epoch, a whole number below 2^32. */
  seed: number;
  /** The position of the first of the examples in the epoch, from 0. */
  first: number;
}

/** The masks of the examples that follow the first n. */
export function masksFrom(masks: Masks | undefined, n: number): Masks | undefined {
  return masks && { ...masks, first: masks.first + n };
}

/**
 * The factor by which dropout multiplies the activation of a hidden neuron for the first example of the masks; 0 leaves it out.
 *
 * @param layer  1 is the first hidden layer
 */
export function dropFactor(dropout: number, { seed, first }: Masks, layer: number, unit: number): number {
  return randomBits(seed, first, layer, unit) < dropThreshold(dropout) ? 0 : 1 / (1 - dropout);
}

/** A neuron is left out if its bits are below this. */
export function dropThreshold(dropout: number): number {
  return Math.floor(dropout * 2 ** 32);
}
