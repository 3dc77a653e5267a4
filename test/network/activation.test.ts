import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIVATIONS, type ActivationName, sigmoid } from "../../dist/network/activation.js";

const NAMES = Object.keys(ACTIVATIONS) as ActivationName[];

/** [z, a, da/dz], each to the nearest double, worked out with 45-digit decimals. */
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

  // Values: exp and tanh are within an ulp, and so are the sum and the quotient: 4 ulp together, relative to the result.
  // Derivatives: 1 - a is exact to an ulp of 1, whatever is left of it, so that the error is one of 1, not of the result.
  it.each(KNOWN[name])("of %d is %d, and its derivative %d", (z, a, slope) => {
    expect(Math.abs(value(z) - a)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(a));
    expect(Math.abs(derivative(z) - slope)).toBeLessThanOrEqual(4 * Number.EPSILON);
  });

  it("has the derivative that differences show", () => {
    // Central differences with h = 1e-5 err by h^2/6 f''' and by epsilon/h: about 3e-11 both; the table's steepest f''' is 2. Multiples of
    // 1/4 less 1/8 keep clear of the kink that relu has at 0.
    const h = 1e-5;
    for (let z = -8.125; z < 8.5; z += 0.25) {
      const difference = (value(z + h) - value(z - h)) / (2 * h);
      expect(Math.abs(derivative(z) - difference)).toBeLessThan(1e-9);
    }
  });

  it("is finite, and rises by 0 to 1, for every finite z", () => {
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

  it("passes NaN on, so that divergence shows", () => expect(value(Number.NaN)).toBeNaN());
});

describe("sigmoid", () => {
  it("lies in 0..1 and mirrors for every z", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (z) => {
        const a = sigmoid(z);
        expect(a >= 0 && a <= 1).toBe(true);
        expect(Math.abs(a + sigmoid(-z) - 1)).toBeLessThanOrEqual(2 * Number.EPSILON); // two roundings near 1
      }),
    );
  });
});
