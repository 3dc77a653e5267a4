/** Tests the initialisations of weights and biases against the formulas of their sources. */
import { describe, expect, it } from "vitest";
import { INITS, type InitName } from "../../dist/network/init.js";
import { Network } from "../../dist/network/network.js";
import { Random } from "../../dist/network/random.js";

const SIZES = [784, 60, 400];

/** Standard deviations per layer, as in the sources: network2.py; Glorot and Bengio, equation 12; He and others, equation 10. */
const EXPECTED: Record<InitName, { weights: number[]; biases: number }> = {
  gaussian: { weights: [1, 1], biases: 1 },
  scaled: { weights: [1 / 28, 1 / Math.sqrt(60)], biases: 1 },
  xavier: { weights: [Math.sqrt(2 / 844), Math.sqrt(2 / 460)], biases: 0 },
  he: { weights: [Math.sqrt(2 / 784), Math.sqrt(2 / 60)], biases: 0 },
};

describe.each(Object.keys(INITS) as InitName[])("init %s", (init) => {
  it("has the standard deviations of its source", () => {
    const { weights, biases } = Network.random(SIZES, new Random(4), { init });
    for (const [l, values] of weights.entries()) expectNormal(values, EXPECTED[init].weights[l]);
    expectNormal(Float64Array.from(biases.flatMap((values) => [...values])), EXPECTED[init].biases);
  });

  it("gives the same parameters for the same seed, and others for another seed", () => {
    const hash = (seed: number) => Network.random([9, 5, 3], new Random(seed), { init }).weightsSha256();
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
  });
});

describe("Network.random", () => {
  it("draws from N(0, 1) by default, as the book does, and gives the recorded parameters for seed 1", () => {
    // Recorded before other initialisations were added. Figures in the README depend on it.
    const recorded = "0e0a693138492b0044e2debfe4dcb6a6eb514f6c0bc602c247a953e39c9422e5";
    expect(Network.random([784, 30, 10], new Random(1)).weightsSha256()).toBe(recorded);
    expect(Network.random([784, 30, 10], new Random(1), { init: "gaussian" }).weightsSha256()).toBe(recorded);
  });

  it("draws the same numbers for scaled as for gaussian, and divides them by the square root of n_in", () => {
    const gaussian = Network.random([9, 5, 3], new Random(1));
    const scaled = Network.random([9, 5, 3], new Random(1), { init: "scaled" });
    expect(scaled.biases).toEqual(gaussian.biases);
    for (const [i, w] of gaussian.weights[0].entries()) {
      expect(scaled.weights[0][i]).toBeCloseTo(w / 3, 15); // two roundings of a number around 1/3
    }
  });
});

/**
 * Expects values drawn from a normal distribution with mean 0 and this standard deviation.
 *
 * For n draws the standard error of the mean is deviation / sqrt(n), and that of the standard deviation is deviation / sqrt(2n). The bounds
 * are five of those: 23 % and 16 % for the 460 biases, 2.3 % and 1.6 % for 47,040 weights. They tell the initialisations apart: the
 * standard deviations for the variances 1/n_in and 2/n_in differ by 41 %.
 */
function expectNormal(values: Float64Array, deviation: number): void {
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const found = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n);
  expect(Math.abs(mean)).toBeLessThanOrEqual((5 * deviation) / Math.sqrt(n));
  expect(Math.abs(found - deviation)).toBeLessThanOrEqual((5 * deviation) / Math.sqrt(2 * n));
}
