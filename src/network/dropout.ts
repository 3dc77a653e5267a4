/**
 * Which hidden neurons dropout leaves out (Srivastava and others, 2014), as a pure function of where it is asked: no state, so that
 * threads can ask in any order. Kernel counterpart: engines/fast/assembly/dropout.ts.
 */

/** The masks of consecutive examples of an epoch. */
export interface Masks {
  /** Of the epoch, a whole number below 2^32. */
  seed: number;
  /** What number of the epoch the first example is, from 0. */
  first: number;
}

/**
 * 32 evenly spread bits for neuron `unit` of layer `layer` (1 = first hidden) and example number `example` of an epoch whose masks are
 * drawn from `seed`, a whole number below 2^32.
 */
export function maskBits(seed: number, example: number, layer: number, unit: number): number {
  const row = mix(mix(seed + Math.imul(example, 0x9e3779b9)) + Math.imul(layer, 0x85ebca6b));
  return mix(row + Math.imul(unit, 0x9e3779b9)) >>> 0;
}

/** What the activation of hidden neuron `unit` of layer `layer` is multiplied by in the masks' first example: 0 where it is left out. */
export function dropFactor(dropout: number, { seed, first }: Masks, layer: number, unit: number): number {
  return maskBits(seed, first, layer, unit) < dropThreshold(dropout) ? 0 : 1 / (1 - dropout);
}

/** Neurons whose bits are below this are left out. */
export function dropThreshold(dropout: number): number {
  return Math.floor(dropout * 2 ** 32);
}

/** Spreads 32 bits: each bit of the result depends on all of x (the integer hash "lowbias32" of C. Wellons, 2018). */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
