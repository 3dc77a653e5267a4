/** The random numbers of a run. */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { log } from "./elementary.js";
import { SEED } from "./seed.js";

/**
 * A generator of random numbers, xoroshiro128+, from a seed of 0 to 4294967295. Any other seed is a RangeError. A run takes all its random
 * numbers from one generator.
 *
 * The numbers are computed with integers and with operations that IEEE 754 rounds in one way. So a seed gives the same numbers on every machine.
 */
export class Random {
  #generator;

  /** @param seed  a generator that `fromState` has made does not know its seed, and has the default here */
  constructor(readonly seed = SEED.default) {
    if (!SEED.range.includes(seed)) throw new RangeError(`seed: expected ${SEED.range.expected}, found ${seed}`);
    this.#generator = xoroshiro128plus(seed);
    this.#generator.jump(); // by 2^64 numbers: neighbouring seeds start in nearly the same state, and are unrelated there
  }

  /** Continues where a generator was when its `state` was read. @throws RangeError if `state` cannot be one; all 0 gives only 0 */
  static fromState(state: readonly number[]): Random {
    if (state.length !== 4 || !state.every((n) => n === (n | 0)) || state.every((n) => n === 0)) {
      throw new RangeError(`state: expected four whole numbers of 32 bits, not all 0, found ${state}`);
    }
    const random = new Random();
    random.#generator = xoroshiro128plusFromState(state);
    return random;
  }

  /** The state of the generator, which determines all numbers that follow: length 4, signed 32-bit integers. */
  get state(): readonly number[] {
    return this.#generator.getState();
  }

  /**
   * Draws a number from N(0, 1), the normal distribution.
   *
   * Ratio of uniforms (Kinderman and Monahan, 1977; Knuth, "The Art of Computer Programming", volume 2, section 3.4.1, algorithm R): (u, v)
   * is uniform in a rectangle. If x = v/u satisfies x^2 <= -4 ln u, then x is the number; otherwise another pair is drawn. For every u,
   * 5 - 4 e^(1/4) u <= -4 ln u <= 4 e^(-1.35) / u + 1.4. These bounds decide five of six pairs without a logarithm.
   */
  gaussian(): number {
    for (;;) {
      const u = 1 - uniformFloat64(this.#generator);
      const x = (1.7155277699214135 * (uniformFloat64(this.#generator) - 0.5)) / u; // the constant is sqrt(8/e)
      const square = x * x;
      if (square <= 5 - 5.136101666750966 * u) return x;
      if (square < 1.036961042583566 / u + 1.4 && square <= -4 * log(u)) return x;
    }
  }

  /** Draws a whole number from 0 to 2^32 - 1, each equally likely. */
  uint32(): number {
    return uniformInt(this.#generator, 0, 2 ** 32 - 1);
  }

  /** Shuffles `array` in place; each order is equally likely (Fisher-Yates). */
  shuffle(array: Uint32Array): void {
    for (let i = array.length - 1; i > 0; i--) {
      const j = uniformInt(this.#generator, 0, i);
      [array[i], array[j]] = [array[j], array[i]];
    }
  }
}
