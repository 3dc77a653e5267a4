/** Tests the random bits that are computed from their place: known values, their distribution, and their independence. */
import { describe, expect, it } from "vitest";
import { randomBits, uniform } from "../../dist/network/random-bits.js";

/** The arguments of randomBits. */
type Place = [seed: number, i: number, j: number, k: number];

const N = 40_000;

/** N places whose last two numbers run from 0 to 199. */
function places(seed: number, i: number): Place[] {
  return Array.from({ length: N }, (_, n) => [seed, i, Math.floor(n / 200), n % 200]);
}

describe("the random bits", () => {
  // Calculated in Python, whose integers do not overflow, from the formulas modulo 2^32. If these change, runs no longer repeat.
  it.each([
    [0, 0, 1, 0, 2703108842],
    [1, 0, 1, 0, 784979809],
    [1, 0, 1, 1, 364198846],
    [1, 0, 2, 0, 4270455346],
    [1, 49999, 1, 29, 3192980648],
    [12345, 7, 3, 799, 771483048],
    [2147483648, 59999, 9, 3000, 29570387],
    [4294967295, 2147483648, 1, 1048576, 407201753],
  ])("of %i, %i, %i, %i are %i", (seed, i, j, k, expected) => {
    expect(randomBits(seed, i, j, k)).toBe(expected);
  });

  it("give uniform numbers from -1 to below 1", () => {
    for (const place of places(7, 1).slice(0, 2000)) {
      expect(uniform(...place)).toBe((2 * randomBits(...place)) / 2 ** 32 - 1);
    }
  });

  it("depend on their arguments only, not on the order of the calls", () => {
    const all = places(7, 1);
    const forwards = all.map((place) => randomBits(...place));
    const backwards = all.toReversed().map((place) => randomBits(...place));
    expect(backwards.toReversed()).toEqual(forwards);
  });

  it("are uniformly distributed whole numbers from 0 to 2^32 - 1", () => {
    const counts = new Array<number>(16).fill(0);
    const all = places(3, 1).map((place) => randomBits(...place));
    expect(all.every(Number.isInteger)).toBe(true);
    for (const bits of all) counts[Math.floor(bits / 2 ** 28)]++;
    expect(counts).toHaveLength(16); // a number out of range would have added an entry
    for (const count of counts) expect(Math.abs(count - N / 16)).toBeLessThan(6 * Math.sqrt(N / 16)); // six standard deviations of a count
  });

  // The mean of n products of +1 and -1 has the standard deviation 1 / sqrt(n). There are 32 * 32 pairs of bits, and six standard deviations are
  // exceeded once in 10^9 times.
  it.each<[string, (place: Place) => Place]>([
    ["next seed", ([seed, i, j, k]) => [seed + 1, i, j, k]],
    ["next i", ([seed, i, j, k]) => [seed, i + 1, j, k]],
    ["next j", ([seed, i, j, k]) => [seed, i, j + 1, k]],
    ["next k", ([seed, i, j, k]) => [seed, i, j, k + 1]],
    ["j that is 2^31 larger", ([seed, i, j, k]) => [seed, i, j + 2 ** 31, k]],
    ["exchange of j and k", ([seed, i, j, k]) => [seed, i, k + 1000, j]],
  ])("have no bit that is correlated with a bit for the %s", (_, neighbour) => {
    const n = 5000;
    const all = places(5, 2).slice(0, n);
    const [bits, others] = [all, all.map(neighbour)].map((places) =>
      Uint32Array.from(places, (place) => randomBits(...place)),
    );
    for (let shift = 0; shift < 32; shift++) {
      const sums = new Float64Array(32);
      for (const [index, own] of bits.entries()) {
        // Bit b of the other number, compared with bit (b + shift) mod 32 of this one.
        const equal = ~(((own >>> shift) | (own << ((32 - shift) & 31))) ^ others[index]);
        for (let b = 0; b < 32; b++) sums[b] += (equal >>> b) & 1 ? 1 : -1;
      }
      for (const sum of sums) expect(Math.abs(sum / n)).toBeLessThan(6 / Math.sqrt(n));
    }
  });
});
