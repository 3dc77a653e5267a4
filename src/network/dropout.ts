/** Chooses the hidden neurons that dropout leaves out of each example (Srivastava and others, 2014). */

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
 * 32 random bits for a neuron of a layer (1 is the first hidden layer), and for the example at position `example` of an epoch. It is a
 * pure function, so that threads can ask in any order. The fast engine has the same in engines/fast/assembly/dropout.ts.
 */
export function maskBits(seed: number, example: number, layer: number, unit: number): number {
  const row = mix(mix(seed + Math.imul(example, 0x9e3779b9)) + Math.imul(layer, 0x85ebca6b));
  return mix(row + Math.imul(unit, 0x9e3779b9)) >>> 0;
}

/** The factor by which dropout multiplies the activation of a hidden neuron for the first example of the masks; 0 leaves it out. */
export function dropFactor(dropout: number, { seed, first }: Masks, layer: number, unit: number): number {
  return maskBits(seed, first, layer, unit) < dropThreshold(dropout) ? 0 : 1 / (1 - dropout);
}

/** A neuron is left out if its bits are below this. */
export function dropThreshold(dropout: number): number {
  return Math.floor(dropout * 2 ** 32);
}

/** Spreads 32 bits: each bit of the result depends on all of x (the integer hash "lowbias32" of C. Wellons, 2018). */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
