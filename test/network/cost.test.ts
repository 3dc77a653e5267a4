/** Tests the cost functions and their deltas against the formulas of the book, finite differences and known values. */
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../dist/errors.js";
import { COSTS, type CostName, checkCost } from "../../dist/network/cost.js";
import { OUTPUTS, type OutputName } from "../../dist/network/output.js";
import { Random } from "../../dist/network/random.js";
import { BOOK_COSTS, COSTS_AND_OUTPUTS } from "../fixtures/book.js";

/** Output layers of 1 to 62 neurons: z^L from N(0, 3^2), where no neuron is saturated, and a label. */
const EXAMPLES = [1, 2, 3, 5, 10, 62].map((n, seed) => {
  const random = new Random(seed);
  return { z: Float64Array.from({ length: n }, () => 3 * random.gaussian()), label: (7 * seed) % n };
});

describe.each(COSTS_AND_OUTPUTS)("cost %s with output %s", (name, output) => {
  const { value, delta } = COSTS[name];
  const activations = (z: Float64Array) => {
    const a = new Float64Array(z.length);
    OUTPUTS[output].activate(z, a);
    return a;
  };

  it("has the value of the book's formula", () => {
    for (const { z, label } of EXAMPLES) {
      const expected = BOOK_COSTS[name]([...activations(z)], label);
      // At z = 9, the largest here, 1 - a in the book's formula loses up to three of sixteen digits; sums of 62 terms lose one more.
      expect(Math.abs(value(z, label) - expected)).toBeLessThan(1e-12 * Math.max(1, expected));
    }
  });

  it("has the delta that finite differences in z give", () => {
    const h = 1e-5;
    for (const { z, label } of EXAMPLES) {
      const a = activations(z);
      for (const j of z.keys()) {
        const up = value(z.with(j, z[j] + h), label);
        const down = value(z.with(j, z[j] - h), label);
        // Central differences have errors of h^2/6 C''' = 1e-11, and of epsilon C / h = 2e-11 times a cost of up to 100.
        expect(Math.abs(delta(z[j], a[j], j === label ? 1 : 0) - (up - down) / (2 * h))).toBeLessThan(5e-9);
      }
    }
  });

  it.each([1, 40, 800, 1e16, 1e300])("is finite, and 0 or more, for saturated outputs with z = +-%d", (size) => {
    for (const signs of [[1], [-1], [1, -1], [-1, 1], [1, 1], [-1, -1], [0, 1, -1]]) {
      const z = Float64Array.from(signs, (sign) => sign * size);
      const a = activations(z);
      for (const label of z.keys()) {
        expect(value(z, label)).toBeGreaterThanOrEqual(0);
        expect(value(z, label)).toBeLessThan(Number.POSITIVE_INFINITY);
        for (const j of z.keys()) {
          const error = delta(z[j], a[j], j === label ? 1 : 0);
          expect(Math.abs(error)).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it("is NaN if any z is NaN, so that divergence is detected", () => {
    expect(value(Float64Array.of(1, Number.NaN, 2), 0)).toBeNaN();
  });
});

describe("the costs", () => {
  // Calculated with decimals of 45 digits, and of 400 digits for z = 800. The bound is relative, also for small values.
  it.each<[CostName, number[], number, number]>([
    ["quadratic", [0, 0], 0, 0.25],
    ["quadratic", [1, 2, 3], 2, 0.6562496757047768],
    ["quadratic", [-1, 0.5, 2, -3], 1, 0.4964595753730474],
    ["quadratic", [-30, 30], 0, 0.9999999999998128],
    ["cross-entropy", [0, 0], 0, 1.3862943611198906],
    ["cross-entropy", [1, 2, 3], 2, 3.4887770501349373],
    ["cross-entropy", [-1, 0.5, 2, -3], 1, 2.9628540343150442],
    ["cross-entropy", [20, -20], 0, 4.122307240628762e-9],
    ["cross-entropy", [30, -30], 0, 1.8715245937679474e-13],
    ["cross-entropy", [-30, 30], 0, 60.000000000000185],
    ["cross-entropy", [-800, 800], 0, 1600],
    ["log-likelihood", [0, 0], 0, Math.LN2],
    ["log-likelihood", [1, 2, 3], 2, 0.4076059644443803],
    ["log-likelihood", [-1, 0.5, 2, -3], 1, 1.7465906475097994],
    ["log-likelihood", [-30, 30], 0, 60],
    ["log-likelihood", [-800, 800], 0, 1600],
  ])("%s, for z = %j and label %i, is %d", (name, z, label, expected) => {
    const found = COSTS[name].value(Float64Array.from(z), label);
    expect(Math.abs(found - expected)).toBeLessThan(32 * Number.EPSILON * expected); // at most about twenty roundings
  });
});

describe("checkCost", () => {
  it.each<[CostName, OutputName, string | undefined]>([
    ["quadratic", "sigmoid", undefined],
    ["cross-entropy", "sigmoid", undefined],
    ["log-likelihood", "softmax", undefined],
    [
      "quadratic",
      "softmax",
      "cost quadratic: expected output sigmoid, found output softmax; use output sigmoid, or cost log-likelihood",
    ],
    [
      "cross-entropy",
      "softmax",
      "cost cross-entropy: expected output sigmoid, found output softmax; use output sigmoid, or cost log-likelihood",
    ],
    [
      "log-likelihood",
      "sigmoid",
      "cost log-likelihood: expected output softmax, found output sigmoid; use output softmax, or cost quadratic or cross-entropy",
    ],
  ])("for cost %s and output %s throws %j", (cost, output, message) => {
    if (message === undefined) expect(() => checkCost(cost, output)).not.toThrow();
    else expect(() => checkCost(cost, output)).toThrow(new ConfigurationError(splitMessage(message)));
  });
});

/** The parts of a message of the form `thing: expected ..., found ...; remedy`. */
function splitMessage(message: string) {
  const [, thing, expected, found, remedy] = message.match(/^(.*): expected (.*), found (.*); (.*)$/) as string[];
  return { thing, expected, found, remedy };
}
