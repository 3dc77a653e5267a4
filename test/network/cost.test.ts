import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../dist/errors.js";
import { COSTS, type CostName, checkCost } from "../../dist/network/cost.js";
import { OUTPUTS, type OutputName } from "../../dist/network/output.js";
import { Random } from "../../dist/network/random.js";
import { BOOK_COSTS, COSTS_AND_OUTPUTS } from "../fixtures/book.js";

/** z^L and label: layers of 1 to 62 neurons, z from N(0, 3^2), where nothing is saturated. */
const EXAMPLES = [1, 2, 3, 5, 10, 62].map((n, seed) => {
  const random = new Random(seed);
  return { z: Float64Array.from({ length: n }, () => 3 * random.gaussian()), label: (7 * seed) % n };
});

describe.each(COSTS_AND_OUTPUTS)("cost %s of output %s", (name, output) => {
  const { value, delta } = COSTS[name];
  const activations = (z: Float64Array) => {
    const a = new Float64Array(z.length);
    OUTPUTS[output].activate(z, a);
    return a;
  };

  it("has the value that the book's formula gives", () => {
    for (const { z, label } of EXAMPLES) {
      const expected = BOOK_COSTS[name]([...activations(z)], label);
      // 1 - a has lost up to three of its sixteen digits at z = 9, the formula's largest; sums of 62 terms lose one more.
      expect(Math.abs(value(z, label) - expected)).toBeLessThan(1e-12 * Math.max(1, expected));
    }
  });

  it("has the delta that differences in z show", () => {
    const h = 1e-5;
    for (const { z, label } of EXAMPLES) {
      const a = activations(z);
      for (const j of z.keys()) {
        const up = value(z.with(j, z[j] + h), label);
        const down = value(z.with(j, z[j] - h), label);
        // Central differences err by h^2/6 C''' = 1e-11 and by epsilon C / h: 2e-11 times a cost of up to 100.
        expect(Math.abs(delta(z[j], a[j], j === label ? 1 : 0) - (up - down) / (2 * h))).toBeLessThan(5e-9);
      }
    }
  });

  it.each([1, 40, 800, 1e16, 1e300])("is finite, and 0 or more, where outputs are saturated by +-%d", (size) => {
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

  it("is NaN where a z is, so that divergence shows", () => {
    expect(value(Float64Array.of(1, Number.NaN, 2), 0)).toBeNaN();
  });
});

describe("the costs", () => {
  // Worked out with 45-digit decimals, with 400 for z = 800; relative to the value, however small.
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
  ])("%s of z = %j and label %i is %d", (name, z, label, expected) => {
    const found = COSTS[name].value(Float64Array.from(z), label);
    expect(Math.abs(found - expected)).toBeLessThan(32 * Number.EPSILON * expected); // some twenty roundings at most
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
  ])("of cost %s and output %s says %j", (cost, output, message) => {
    if (message === undefined) expect(() => checkCost(cost, output)).not.toThrow();
    else expect(() => checkCost(cost, output)).toThrow(new ConfigurationError(complaint(message)));
  });
});

/** The parts of a message of the form `thing: expected ..., found ...; remedy`. */
function complaint(message: string) {
  const [, thing, expected, found, remedy] = message.match(/^(.*): expected (.*), found (.*); (.*)$/) as string[];
  return { thing, expected, found, remedy };
}
