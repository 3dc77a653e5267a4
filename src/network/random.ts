import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** Seeds are unsigned 32-bit integers. */
const MAX_SEED = 2 ** 32 - 1;

/**
 * The one source of chance in a run: xoroshiro128+ from a seed, 0 .. 4294967295.
 *
 * Everything it gives is made of integer operations, products and quotients, which IEEE 754 rounds alike everywhere, so a
 * seed gives the same numbers on every machine.
 */
export class Random {
  #generator;

  constructor(seed = 1) {
    if (!Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) {
      throw new RangeError(`seed: expected a whole number from 0 to ${MAX_SEED}, found ${seed}`);
    }
    this.#generator = xoroshiro128plus(seed);
    this.#generator.jump(); // the states of neighbouring seeds start nearly equal; 2^64 steps on they have nothing in common
  }

  /** Goes on where a generator of that `state` was: four whole numbers of 32 bits, not all 0. */
  static fromState(state: readonly number[]): Random {
    if (state.length !== 4 || !state.every((n) => n === (n | 0)) || state.every((n) => n === 0)) {
      throw new RangeError(`state: expected four whole numbers of 32 bits, not all 0, found ${state}`);
    }
    const random = new Random();
    random.#generator = xoroshiro128plusFromState(state);
    return random;
  }

  /** All that decides which numbers come next. */
  get state(): readonly number[] {
    return this.#generator.getState();
  }

  /**
   * A number from N(0, 1).
   *
   * Ratio of uniforms (Kinderman and Monahan, 1977): (u, v) uniform in a box, kept if v/u lies under the bell. The logarithm,
   * whose last bit may differ between machines, only decides whether to keep the pair and never enters the number.
   */
  gaussian(): number {
    for (;;) {
      const u = 1 - uniformFloat64(this.#generator);
      const x = (1.7155277699214135 * (uniformFloat64(this.#generator) - 0.5)) / u; // sqrt(8/e)
      if (x * x <= -4 * Math.log(u)) return x;
    }
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    return uniformInt(this.#generator, 0, MAX_SEED);
  }

  /** Puts `array` into a random order, in place, each order equally likely (Fisher-Yates). */
  shuffle(array: Uint32Array): void {
    for (let i = array.length - 1; i > 0; i--) {
      const j = uniformInt(this.#generator, 0, i);
      const kept = array[i];
      array[i] = array[j];
      array[j] = kept;
    }
  }
}
