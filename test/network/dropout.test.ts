/** Tests the masks of dropout: their statistics and their independence. random-bits.test.ts tests the bits that they are made of. */
import { describe, expect, it } from "vitest";
import { dropFactor, dropThreshold, type Masks, masksFrom } from "../../dist/network/dropout.js";
import { randomBits } from "../../dist/network/random-bits.js";

/** The arguments of randomBits. */
type Place = [seed: number, example: number, layer: number, unit: number];

const [EXAMPLES, UNITS] = [400, 100];
const N = EXAMPLES * UNITS;

/** The places of all neurons of a layer in the first examples of an epoch, example after example. */
function places(seed: number, layer: number): Place[] {
  return Array.from({ length: N }, (_, i) => [seed, Math.floor(i / UNITS), layer, i % UNITS]);
}

/**
 * Six standard deviations of the mean of N independent draws with a standard deviation of 1 each. Correct masks exceed it once in 10^9
 * times. They are a pure function of their seed, so a test that passes once always passes.
 */
const BOUND = 6 / Math.sqrt(N); // 3 %

const SEEDS = [0, 1, 2, 12345, 2 ** 31, 2 ** 32 - 1];
const CASES = SEEDS.map((seed, i) => [seed, [1, 2, 9][i % 3]]);

describe.each(CASES)("masks for seed %i and layer %i", (seed, layer) => {
  const all = places(seed, layer);
  const bits = all.map((place) => randomBits(...place));

  it.each([0.01, 0.2, 0.5, 0.9])("leave out a share of %d of the neurons", (p) => {
    const share = bits.filter((bits) => bits < dropThreshold(p)).length / N;
    expect(Math.abs(share - p)).toBeLessThan(BOUND * Math.sqrt(p * (1 - p)));
  });

  it("leave out about half of the neurons in each example, and each neuron in about half of the examples", () => {
    for (const [groups, size, groupOf] of [
      [EXAMPLES, UNITS, (i: number) => Math.floor(i / UNITS)],
      [UNITS, EXAMPLES, (i: number) => i % UNITS],
    ] as const) {
      const counts = new Array<number>(groups).fill(0);
      for (const [i, x] of bits.entries()) if (x < dropThreshold(0.5)) counts[groupOf(i)]++;
      const squares = counts.map((count) => (count - size / 2) ** 2);
      const variance = size / 4; // of a binomial distribution with p = 0.5
      expect(Math.max(...squares)).toBeLessThan(6 ** 2 * variance);
      // The mean of the squares of normal variables has a relative standard deviation of sqrt(2 / groups). A spread can be too small, too.
      const spread = squares.reduce((sum, x) => sum + x, 0) / groups / variance;
      expect(Math.abs(spread - 1)).toBeLessThan(6 * Math.sqrt(2 / groups));
    }
  });

  it.each<[string, (place: Place) => Place]>([
    ["next unit", ([s, e, l, u]) => [s, e, l, u + 1]],
    ["unit four further on", ([s, e, l, u]) => [s, e, l, u + 4]],
    ["unit a layer's width further on", ([s, e, l, u]) => [s, e, l, u + UNITS]],
    ["next example", ([s, e, l, u]) => [s, e + 1, l, u]],
    ["next unit of the next example", ([s, e, l, u]) => [s, e + 1, l, u + 1]],
    ["example a mini-batch further on", ([s, e, l, u]) => [s, e + 10, l, u]],
    ["next layer", ([s, e, l, u]) => [s, e, l + 1, u]],
    ["next seed", ([s, e, l, u]) => [(s + 1) % 2 ** 32, e, l, u]],
    ["seed with another highest bit", ([s, e, l, u]) => [(s + 2 ** 31) % 2 ** 32, e, l, u]],
  ])("are not correlated with those of the %s", (_, neighbour) => {
    const others = all.map((place) => randomBits(...neighbour(place)));
    for (const p of [0.2, 0.5]) {
      const deviation = (bits: number) => ((bits < dropThreshold(p) ? 1 : 0) - p) / Math.sqrt(p * (1 - p));
      const correlation = bits.reduce((sum, x, i) => sum + deviation(x) * deviation(others[i]), 0) / N;
      expect(Math.abs(correlation)).toBeLessThan(BOUND);
    }
  });
});

describe("masks", () => {
  it("go on with the next examples", () => {
    const factors = (n: number) =>
      Array.from({ length: UNITS }, (_, unit) =>
        dropFactor(0.5, masksFrom({ seed: 7, first: 3 }, n) as Masks, 2, unit),
      );
    for (const n of [0, 1, 10]) {
      expect(factors(n)).toEqual(
        Array.from({ length: UNITS }, (_, unit) => (randomBits(7, 3 + n, 2, unit) < dropThreshold(0.5) ? 0 : 2)),
      );
    }
    expect(masksFrom(undefined, 1)).toBeUndefined();
  });

  it("leave out no neuron if dropout is 0, and all of them just below 1", () => {
    const all = places(1, 1).map((place) => randomBits(...place));
    expect(all.some((bits) => bits < dropThreshold(0))).toBe(false);
    expect(all.every((bits) => bits < dropThreshold(1 - 1e-9))).toBe(true); // the expected number of neurons that stay is 40,000 / 10^9
  });
});
