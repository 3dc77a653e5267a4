/** Tests the activation functions and their derivatives against known values and finite differences. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIVATIONS, type ActivationName, sigmoid } from "../../dist/network/activation.js";

const NAMES = Object.keys(ACTIVATIONS) as ActivationName[];

/** [z, a, da/dz], each rounded to the nearest double, calculated with 45-digit decimals. */
const KNOWN: Record<ActivationName, [z: number, value: number, derivative: number][]> = {
  sigmoid: [
    [0, 0.5, 0.25],
    [0.5, 0.6224593312018546, 0.2350037122015945],
    [1, 0.7310585786300049, 0.19661193324148185],
    [-1, 0.2689414213699951, 0.19661193324148185],
    [10, 0.9999546021312976, 4.5395807735951673e-5],
    [-10, 4.5397868702434395e-5, 4.5395807735951673e-5],
    [-700, 9.85967654375977e-305, 9.85967654375977e-305],
    [-1e9, 0, 0],
    [1e9, 1, 0],
    [Number.NEGATIVE_INFINITY, 0, 0],
    [Number.POSITIVE_INFINITY, 1, 0],
  ],
  tanh: [
    [0, 0, 1],
    [1e-10, 1e-10, 1],
    [0.5, 0.46211715726000974, 0.7864477329659274],
    [1, 0.7615941559557649, 0.4199743416140261],
    [-1, -0.7615941559557649, 0.4199743416140261],
    [3, 0.9950547536867305, 0.00986603716544019],
    [-20, -1, 1.6993417021166355e-17],
    [Number.NEGATIVE_INFINITY, -1, 0],
    [Number.POSITIVE_INFINITY, 1, 0],
  ],
  relu: [
    [0, 0, 0],
    [5e-324, 5e-324, 1],
    [-5e-324, 0, 0],
    [2.5, 2.5, 1],
    [-2.5, 0, 0],
    [1e308, 1e308, 1],
  ],
};

describe.each(NAMES)("%s", (name) => {
  const { value, derivative } = ACTIVATIONS[name];

  // Values: exp or tanh, the sum and the quotient are each within an ulp, so the result is within 4 ulp, relative to itself.
  // Derivatives: the error of 1 - a is an ulp of 1, however small the difference, so the bound is absolute.
  it.each(KNOWN[name])("at z = %d has the value %d and the derivative %d", (z, a, slope) => {
    expect(Math.abs(value(z) - a)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(a));
    expect(Math.abs(derivative(z) - slope)).toBeLessThanOrEqual(4 * Number.EPSILON);
  });

  it("has the derivative that finite differences give", () => {
    // Central differences with h = 1e-5 have errors of h^2/6 f''' and of epsilon/h, both about 3e-11, as f''' is at most 2. The values of z
    // are odd multiples of 1/8, because relu has no derivative at 0.
    const h = 1e-5;
    for (let z = -8.125; z < 8.5; z += 0.25) {
      const difference = (value(z + h) - value(z - h)) / (2 * h);
      expect(Math.abs(derivative(z) - difference)).toBeLessThan(1e-9);
    }
  });

  it("is finite, with a derivative from 0 to 1, for every finite z", () => {
    for (const z of [0, 1e-308, 1, 88, 710, 746, 1e5, 1e16, 1e308, Number.MAX_VALUE].flatMap((z) => [z, -z])) {
      expect(Number.isFinite(value(z)) && Number.isFinite(derivative(z))).toBe(true);
    }
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (z) => {
        expect(Number.isFinite(value(z))).toBe(true);
        expect(derivative(z)).toBeGreaterThanOrEqual(0);
        expect(derivative(z)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("returns NaN for NaN, so that divergence is detected", () => expect(value(Number.NaN)).toBeNaN());
});

describe("sigmoid", () => {
  it("lies in 0..1, and sigmoid(-z) is 1 - sigmoid(z), for every z", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (z) => {
        const a = sigmoid(z);
        expect(a >= 0 && a <= 1).toBe(true);
        expect(Math.abs(a + sigmoid(-z) - 1)).toBeLessThanOrEqual(2 * Number.EPSILON); // two roundings of numbers near 1
      }),
    );
  });
});
