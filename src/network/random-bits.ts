/** Random bits that are computed from their place, so that they can be asked for in any order and on any thread. */

/**
 * Computes 32 random bits from a seed and three whole numbers. It is a pure function of integers, so the bits are the same on every machine.
 *
 * Dropout asks for the bits of a neuron, see dropout.ts; the fast engine has the same function in engines/fast/assembly/dropout.ts.
 */
export function randomBits(seed: number, i: number, j: number, k: number): number {
  const row = mix(mix(seed + Math.imul(i, 0x9e3779b9)) + Math.imul(j, 0x85ebca6b));
  return mix(row + Math.imul(k, 0x9e3779b9)) >>> 0;
}

/** Computes a random number, uniform from -1 to below 1, from `randomBits`. */
export function uniform(seed: number, i: number, j: number, k: number): number {
  return randomBits(seed, i, j, k) / TWO_TO_31 - 1;
}

const TWO_TO_31 = 2 ** 31;

/** Spreads 32 bits: each bit of the result depends on all of x (the integer hash "lowbias32" of C. Wellons, 2018). */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
