/** Tests the distribution and the independence of the random numbers that `Distortion` draws for an image, and how strength and size change them. */
import { describe, expect, it } from "vitest";
import { distortionFor } from "../fixtures/distortion.js";

describe("what is drawn", () => {
  const SIZE = { rows: 28, columns: 28 };
  const N = 20_000;
  const NUMBERS = ["theta", "scaleX", "scaleY", "shear", "moveX", "moveY", "fieldX", "fieldY"] as const;
  type Name = (typeof NUMBERS)[number];
  /** The largest difference from `middle`: 10 degrees, 10 %, 0.1, 1 pixel. The two bytes of a place in a field count as one number here. */
  const RANGES: Record<Name, [middle: number, range: number]> = {
    theta: [0, Math.PI / 18],
    scaleX: [1, 0.1],
    scaleY: [1, 0.1],
    shear: [0, 0.1],
    moveX: [0, 1],
    moveY: [0, 1],
    fieldX: [32_767.5, 32_768],
    fieldY: [32_767.5, 32_768],
  };

  /** A drawn number of the images 0 to N - 1, each divided by its range: from -1 to 1. */
  const drawn = (name: Name, { seed = 1, epoch = 1, from = 0 } = {}) => {
    const distortion = distortionFor("affine", SIZE, { seed, epoch });
    const [middle, range] = RANGES[name];
    return Float64Array.from({ length: N }, (_, i) => (distortion.draw(from + i)[name] - middle) / range);
  };
  const DRAWN = Object.fromEntries(NUMBERS.map((name) => [name, drawn(name)])) as Record<Name, Float64Array>;
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;

  // Every bound is six standard deviations of the estimate from N draws. The draws never change, so that a test that passes once passes always.
  it.each(NUMBERS)("as %s is uniformly distributed from its least to its largest value", (name) => {
    const values = DRAWN[name];
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(Math.abs(mean(values))).toBeLessThan(6 * Math.sqrt(1 / 3 / N));
    expect(Math.abs(mean(values.map((u) => u * u)) - 1 / 3)).toBeLessThan(6 * Math.sqrt(4 / 45 / N));
    const counts = new Array<number>(16).fill(0);
    for (const u of values) counts[Math.min(15, Math.floor(8 * (u + 1)))]++;
    for (const count of counts) expect(Math.abs(count - N / 16)).toBeLessThan(6 * Math.sqrt(N / 16));
  });

  it.each(["fieldX", "fieldY"] as const)("as %s has a row and a column, each from 0 to 255", (name) => {
    const starts = DRAWN[name].map((u) => 32_768 * u + 32_767.5);
    for (const byteOf of [(start: number) => start >> 8, (start: number) => start & 255]) {
      const bytes = starts.map(byteOf);
      expect([Math.min(...bytes), Math.max(...bytes), new Set(bytes).size]).toEqual([0, 255, 256]);
      expect(Math.abs(mean(bytes) - 127.5)).toBeLessThan(6 * Math.sqrt((256 ** 2 - 1) / 12 / N));
    }
  });

  // The product of two independent numbers with the variance 1/3 has the variance 1/9.
  const expectIndependent = (a: Float64Array, b: Float64Array) =>
    expect(Math.abs(mean(a.map((u, i) => u * b[i])))).toBeLessThan(6 * Math.sqrt(1 / 9 / N));

  it("is independent for each number", () => {
    for (const [i, name] of NUMBERS.entries()) {
      for (const other of NUMBERS.slice(i + 1)) expectIndependent(DRAWN[name], DRAWN[other]);
    }
  });

  it.each([
    ["image", { from: 1 }],
    ["image 10 further on", { from: 10 }],
    ["epoch", { epoch: 2 }],
    ["seed", { seed: 2 }],
    ["image of the next epoch", { epoch: 2, from: 1 }],
  ])("is independent of what is drawn for the next %s", (_, next) => {
    const others = Object.fromEntries(NUMBERS.map((name) => [name, drawn(name, next)]));
    for (const name of NUMBERS) {
      for (const other of NUMBERS) expectIndependent(DRAWN[name], others[other]);
    }
  });

  it.each([
    ["image", { from: 1 }],
    ["epoch", { epoch: 2 }],
    ["seed", { seed: 2 }],
  ])("as a shift is independent of that of the next %s", (_, { from = 0, ...options }: Record<string, number>) => {
    const [first, second] = [distortionFor("shifts", SIZE), distortionFor("shifts", SIZE, options)];
    const counts = new Map<string, number>();
    for (let image = 0; image < N; image++) {
      const [a, b] = [first.draw(image), second.draw(image + from)];
      const pair = [a.moveX, a.moveY, b.moveX, b.moveY].join();
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    expect(counts.size).toBe(25);
    for (const count of counts.values()) expect(Math.abs(count - N / 25)).toBeLessThan(6 * Math.sqrt(N / 25));
  });

  it("is multiplied by the strength, but for the move and the place in the fields", () => {
    for (const [image, strength] of [
      [0, 0],
      [1, 0.3],
      [2, 3],
      [3, 10],
    ]) {
      const one = distortionFor("affine", SIZE).draw(image);
      const found = distortionFor("affine", SIZE, { augmentStrength: strength }).draw(image);
      const expected = {
        ...one,
        theta: strength * one.theta,
        shear: strength * one.shear,
        scaleX: 1 + strength * (one.scaleX - 1),
        scaleY: 1 + strength * (one.scaleY - 1),
      };
      for (const name of NUMBERS) expect(found[name]).toBeCloseTo(expected[name], 14); // the product is rounded in another order
    }
  });

  it("has a move that grows with the longer side, and nothing else that does", () => {
    const one = distortionFor("elastic", SIZE).draw(4);
    for (const [rows, columns, unit] of [
      [56, 20, 2],
      [1, 42, 1.5],
      [7, 7, 0.25],
      [1, 1, 1 / 28],
    ]) {
      const found = distortionFor("elastic", { rows, columns }).draw(4);
      for (const name of NUMBERS) {
        const factor = name.startsWith("move") ? unit : 1;
        expect(found[name]).toBeCloseTo(factor * one[name], 14);
      }
    }
  });
});
