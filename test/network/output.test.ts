/** Tests the activations of the output layer: sigmoid and softmax. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sigmoid } from "../../dist/network/activation.js";
import { OUTPUTS, type OutputName } from "../../dist/network/output.js";

function activate(output: OutputName, z: number[]): number[] {
  const a = new Float64Array(z.length);
  OUTPUTS[output].activate(Float64Array.from(z), a);
  return [...a];
}

/** Weighted inputs of 1 to 20 output neurons, also above 710, where e^z overflows. */
const zs = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 20 });

/** For neighbouring doubles, the larger z may have a sigmoid that is an ulp smaller; this happens for one pair in 400 in 0..40. */
const ROUNDED = 1 - 2 * Number.EPSILON;

describe.each(Object.keys(OUTPUTS) as OutputName[])("output %s", (output) => {
  it("can be computed in place", () => {
    const z = Float64Array.of(0.5, -3, 2, 0);
    const expected = activate(output, [...z]);
    OUTPUTS[output].activate(z, z);
    expect([...z]).toEqual(expected);
  });

  it("does not change z if the result goes to another array", () => {
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
  it("is the sigmoid of each neuron", () => {
    fc.assert(
      fc.property(zs, (z) => {
        expect(activate("sigmoid", z)).toEqual(z.map(sigmoid));
      }),
    );
  });
});

describe("output softmax", () => {
  // Calculated with 45-digit decimals. The error of e^x for a rounded x <= 4, of a sum of four and of a quotient is at most 12 ulp.
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
  ])("for z = %j is %j", (z, expected) => {
    const a = activate("softmax", z);
    for (const [j, value] of expected.entries()) {
      expect(Math.abs(a[j] - value)).toBeLessThanOrEqual(12 * Number.EPSILON * value);
    }
  });

  it("sums to 1 for every z", () => {
    fc.assert(
      fc.property(zs, (z) => {
        const sum = activate("softmax", z).reduce((sum, a) => sum + a, 0);
        expect(Math.abs(sum - 1)).toBeLessThan(40 * Number.EPSILON); // one rounding for each of up to 20 quotients and additions
      }),
    );
  });

  it("does not change if the same number is added to all z", () => {
    fc.assert(
      // The sums of these whole numbers are exact, so the results are equal to the last bit.
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), fc.integer(), (z, shift) => {
        const shifted = z.map((z) => z + shift);
        expect(activate("softmax", shifted)).toEqual(activate("softmax", z));
      }),
    );
  });
});
