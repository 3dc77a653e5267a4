/** Tests exp, tanh, log, log1p, sin and cos against values that Python computed with decimals of 400 digits: test/fixtures/elementary.py. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cos, exp, log, log1p, sin, tanh } from "../../dist/network/elementary.js";

const FUNCTIONS = { exp, tanh, log, log1p };
const FIXTURE = readFileSync(new URL("../fixtures/elementary.txt", import.meta.url), "utf8");

/** [function, x, the float64 nearest to the exact value, the rest of the exact value in units in the last place], 1603 rows. */
const KNOWN = FIXTURE.trim()
  .split("\n")
  .map((line) => line.split(" "))
  .map(([name, ...numbers]) => [name, ...numbers.map(Number)] as [string, number, number, number]);

/** The largest error that each docstring allows, in units in the last place. */
const LARGEST_ERRORS = { exp: 1, tanh: 3, log: 2, log1p: 3 };

/** The float64 that comes `steps` after x, for x > 0. The bits of neighbouring numbers are neighbouring integers. */
function neighbour(x: number, steps: number): number {
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0] += BigInt(steps);
  return new Float64Array(bits.buffer)[0];
}

/** The distance between |x| and the next float64, one unit in the last place. */
const unitOf = (x: number) => neighbour(Math.abs(x), 1) - Math.abs(x);

describe.each(["exp", "tanh", "log", "log1p"] as const)("%s", (name) => {
  const f = FUNCTIONS[name];
  const known = KNOWN.filter(([function_]) => function_ === name);

  it(`is within ${LARGEST_ERRORS[name]} units in the last place of the known values`, () => {
    expect(known.length).toBeGreaterThan(200);
    for (const [, x, nearest, rest] of known) {
      const error = Math.abs((f(x) - nearest) / unitOf(nearest) - rest);
      expect(error, `${name}(${x}) = ${f(x)}`).toBeLessThan(LARGEST_ERRORS[name]);
    }
  });

  it("is NaN for NaN, so that divergence is detected", () => expect(f(Number.NaN)).toBeNaN());
});

describe("exp", () => {
  it.each([
    [0, 1],
    [-0, 1],
    [709.782712893384, 1.797693134862273e308],
    [709.7827128933841, Number.POSITIVE_INFINITY],
    [1e308, Number.POSITIVE_INFINITY],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [-745.1332191019411, 5e-324],
    [-745.1332191019412, 0],
    [-1e308, 0],
    [Number.NEGATIVE_INFINITY, 0],
  ])("of %d is %d", (x, expected) => {
    if (expected === Number.POSITIVE_INFINITY) expect(exp(x)).toBe(expected);
    else expect(Math.abs(exp(x) - expected)).toBeLessThanOrEqual(Number.EPSILON * expected); // one or two units in the last place
  });

  it("does not fall from one number to the next at the boundaries of its reduction", () => {
    for (let k = -1074; k < 1024; k++) {
      const boundary = (k + 0.5) * Math.LN2;
      const near = [-4, -3, -2, -1, 0, 1, 2, 3, 4].map(
        (steps) => Math.sign(boundary) * neighbour(Math.abs(boundary), steps),
      );
      const values = near.sort((x, y) => x - y).map(exp);
      expect(values).toEqual(values.toSorted((x, y) => x - y));
    }
  });

  it("is Math.exp, up to the errors of both", () => {
    fc.assert(
      fc.property(fc.double({ min: -745, max: 709.7, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(2 * unitOf(Math.exp(x)));
      }),
      { numRuns: 10_000 },
    );
  });
});

describe("tanh", () => {
  it("of -z is -tanh(z), and at most 1", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), (z) => {
        expect(tanh(-z) + tanh(z)).toBe(0);
        expect(tanh(z)).toBeLessThanOrEqual(1);
      }),
    );
    expect([19.1, 20, 21, 1e308, Number.POSITIVE_INFINITY].map(tanh)).toEqual([1, 1, 1, 1, 1]);
  });
});

describe("log", () => {
  it("is exactly 0 for 1, and NaN outside of its domain", () => {
    expect(log(1)).toBe(0);
    expect(log1p(0)).toBe(0);
    for (const x of [0, -0, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]) expect(log(x)).toBeNaN();
  });
});

describe.each([
  ["sin", sin],
  ["cos", cos],
] as const)("%s", (name, f) => {
  const known = KNOWN.filter(([function_]) => function_ === name);

  // The error is absolute. Near a zero of the function, such as sin(pi), a unit in the last place is far smaller. Seen: 5.2e-16 at most.
  it("is within 1e-15 of the known values from -pi to pi", () => {
    expect(known.length).toBeGreaterThan(200);
    for (const [, x, nearest, rest] of known) {
      const error = Math.abs(f(x) - nearest - rest * unitOf(nearest));
      expect(error, `${name}(${x}) = ${f(x)}`).toBeLessThan(1e-15);
    }
  });

  it("is NaN for NaN", () => expect(f(Number.NaN)).toBeNaN());
});

describe("sin and cos", () => {
  it("are exact at 0, and sin is odd and cos is even to the last bit", () => {
    expect([sin(0), cos(0)]).toEqual([0, 1]);
    for (const [, x] of KNOWN.filter(([name]) => name === "sin")) {
      expect(sin(-x)).toBe(-sin(x));
      expect(cos(-x)).toBe(cos(x));
    }
  });
});
