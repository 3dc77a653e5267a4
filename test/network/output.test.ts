import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sigmoid } from "../../dist/network/activation.js";
import { OUTPUTS, type OutputName } from "../../dist/network/output.js";

function activate(output: OutputName, z: number[]): number[] {
  const a = new Float64Array(z.length);
  OUTPUTS[output].activate(Float64Array.from(z), a);
  return [...a];
}

/** Weighted inputs of 1 to 20 output neurons, to beyond where e^z overflows (710). */
const zs = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 20 });

/** Of two z that are neighbouring doubles the larger may have a sigmoid that is an ulp smaller: of those in 0..40 one pair in 400 does. */
const ROUNDED = 1 - 2 * Number.EPSILON;

describe.each(Object.keys(OUTPUTS) as OutputName[])("output %s", (output) => {
  it("can be worked out in place", () => {
    const z = Float64Array.of(0.5, -3, 2, 0);
    const expected = activate(output, [...z]);
    OUTPUTS[output].activate(z, z);
    expect([...z]).toEqual(expected);
  });

  it("leaves z as it is, else", () => {
    const z = Float64Array.of(0.5, -3, 2, 0);
    OUTPUTS[output].activate(z, new Float64Array(4));
    expect([...z]).toEqual([0.5, -3, 2, 0]);
  });

  it("lies in 0..1 and keeps the order of z", () => {
    fc.assert(
      fc.property(zs, (z) => {
        const a = activate(output, z);
        for (let j = 0; j < z.length; j++) {
          expect(a[j] >= 0 && a[j] <= 1).toBe(true);
          for (let k = 0; k < j; k++) if (z[j] > z[k]) expect(a[j]).toBeGreaterThanOrEqual(a[k] * ROUNDED);
        }
      }),
    );
  });
});

describe("output sigmoid", () => {
  it("is the sigmoid, neuron by neuron", () => {
    fc.assert(
      fc.property(zs, (z) => {
        expect(activate("sigmoid", z)).toEqual(z.map(sigmoid));
      }),
    );
  });
});

describe("output softmax", () => {
  // Worked out with 45-digit decimals. e^x to an ulp of x <= 4 that was rounded, a sum of 4 and a quotient: a dozen ulp at most.
  it.each([
    [[7], [1]],
    [
      [0, 0],
      [0.5, 0.5],
    ],
    [
      [1, 2, 3],
      [0.09003057317038046, 0.24472847105479764, 0.6652409557748219],
    ],
    [
      [-1, 0.5, 2, -3],
      [0.03890662837964319, 0.17436741117275167, 0.7814605208760645, 0.005265439571540645],
    ],
    [
      [-1000, -1001],
      [0.7310585786300049, 0.2689414213699951],
    ],
    [
      [1e308, -1e308, 1e308],
      [0.5, 0, 0.5],
    ],
    [
      [-1e308, 0],
      [0, 1],
    ],
  ])("of %j is %j", (z, expected) => {
    const a = activate("softmax", z);
    for (const [j, value] of expected.entries()) {
      expect(Math.abs(a[j] - value)).toBeLessThanOrEqual(12 * Number.EPSILON * value);
    }
  });

  it("sums to 1 for every z", () => {
    fc.assert(
      fc.property(zs, (z) => {
        const sum = activate("softmax", z).reduce((sum, a) => sum + a, 0);
        expect(Math.abs(sum - 1)).toBeLessThan(40 * Number.EPSILON); // a rounding for each of up to 20 quotients, and for each addition
      }),
    );
  });

  it("does not change when all z are shifted", () => {
    fc.assert(
      // Whole numbers, whose sums are exact: what is left is the same arithmetic.
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), fc.integer(), (z, shift) => {
        const shifted = z.map((z) => z + shift);
        expect(activate("softmax", shifted)).toEqual(activate("softmax", z));
      }),
    );
  });
});
