/** Tests the generator of random numbers: repetition, and the distributions of its numbers and orders. */
import { describe, expect, it } from "vitest";
import { Random } from "../../dist/network/random.js";

describe("Random", () => {
  it("gives the same numbers for the same seed, and others for another seed", () => {
    const draw = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.gaussian());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(4294967295)).not.toEqual(draw(0));
  });

  it.each([-1, 4294967296, 1.5, Number.NaN])("refuses the seed %d", (seed) => {
    expect(() => new Random(seed)).toThrow(/seed: expected a whole number from 0 to 4294967295/);
  });

  // The bounds are six standard errors of each estimate from n = 200,000 draws, so a correct generator fails for one seed in 10^8.
  it("draws from N(0, 1)", () => {
    const n = 200_000;
    const random = new Random(3);
    const draws = Float64Array.from({ length: n }, () => random.gaussian());
    const mean = (f: (x: number) => number) => draws.reduce((sum, x) => sum + f(x), 0) / n;
    const error = (variance: number) => 6 * Math.sqrt(variance / n);
    expect(Math.abs(mean((x) => x))).toBeLessThan(error(1));
    expect(Math.abs(mean((x) => x ** 2) - 1)).toBeLessThan(error(2));
    expect(Math.abs(mean((x) => x ** 3))).toBeLessThan(error(15));
    expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(error(96));
    // The shares within 0.5, 1, 2 and 3 standard deviations, from tables of the normal distribution.
    for (const [z, share] of [
      [0.5, 0.38292492],
      [1, 0.68268949],
      [2, 0.95449974],
      [3, 0.9973002],
    ]) {
      expect(Math.abs(mean((x) => (Math.abs(x) < z ? 1 : 0)) - share)).toBeLessThan(error(share * (1 - share)));
    }
  });

  it("shuffles into every order with the same probability", () => {
    const random = new Random(5);
    const counts = new Map<string, number>();
    const n = 60_000;
    for (let i = 0; i < n; i++) {
      const array = Uint32Array.of(0, 1, 2, 3);
      random.shuffle(array);
      counts.set(array.join(""), (counts.get(array.join("")) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const expected = n / 24;
    const bound = 6 * Math.sqrt(expected); // six standard deviations of a count
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(bound);
  });
});
