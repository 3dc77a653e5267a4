import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sigmoid, sigmoidPrime } from "../../dist/network/activation.js";

describe("sigmoid", () => {
  // sigma(z) to the nearest double, worked out with 40-digit decimals.
  it.each([
    [0, 0.5],
    [1, 0.7310585786300049],
    [-1, 0.2689414213699951],
    [10, 0.9999546021312976],
    [-10, 4.5397868702434395e-5],
    [-700, 9.85967654375977e-305],
    [-1e9, 0],
    [1e9, 1],
    [Number.NEGATIVE_INFINITY, 0],
    [Number.POSITIVE_INFINITY, 1],
  ])("of %d is %d", (z, expected) => {
    // exp is within an ulp, and so are the sum and the quotient: 4 ulp together, relative to the result
    expect(Math.abs(sigmoid(z) - expected)).toBeLessThanOrEqual(4 * Number.EPSILON * expected);
  });

  it("lies in 0..1 and mirrors for every z", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (z) => {
        const a = sigmoid(z);
        expect(a >= 0 && a <= 1).toBe(true);
        expect(Math.abs(a + sigmoid(-z) - 1)).toBeLessThanOrEqual(2 * Number.EPSILON); // two roundings near 1
      }),
    );
  });

  it("has the derivative that differences show", () => {
    for (let z = -8; z <= 8; z += 0.25) {
      const h = 1e-5; // central differences err by h^2/6 sigma''' and by epsilon/h: about 1e-11 both
      expect(sigmoidPrime(z)).toBeCloseTo((sigmoid(z + h) - sigmoid(z - h)) / (2 * h), 9);
    }
    expect(sigmoidPrime(1e308)).toBe(0);
    expect(sigmoidPrime(-1e308)).toBe(0);
  });
});
