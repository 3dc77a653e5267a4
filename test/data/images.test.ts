import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Images, ImagesBuilder } from "../../dist/data/images.js";

/** Pixels with long runs of zeros and of ink, so that gaps of 255, 256 and more occur. */
const pixels = (length: number) =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.constantFrom(0, 0, 1, 128, 255)), {
      minLength: 1,
      maxLength: 40,
    })
    .map((runs) => runs.flatMap(([n, value]) => new Array<number>(n).fill(value)))
    .map((values) => Uint8Array.from({ length }, (_, i) => values[i % values.length]));

const cases = fc
  .record({
    n: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 40 }),
    columns: fc.integer({ min: 1, max: 40 }),
  })
  .chain((shape) => fc.record({ shape: fc.constant(shape), pixels: pixels(shape.n * shape.rows * shape.columns) }));

describe("Images", () => {
  it("gives back every pixel, scaled by 1/255", () => {
    fc.assert(
      fc.property(cases, ({ shape: { n, rows, columns }, pixels }) => {
        const images = Images.fromPixels(pixels, rows, columns);
        expect(images.length).toBe(n);
        const all = Array.from({ length: n }, (_, i) => [...images.pixels(i)]).flat();
        expect(all).toEqual([...pixels].map((value) => value / 255));
      }),
    );
  });

  it("stores one pair per ink pixel, and one more for every 255 pixels of a longer gap", () => {
    fc.assert(
      fc.property(cases, ({ shape: { n, rows, columns }, pixels }) => {
        const [ink, starts] = [[] as number[], [0]];
        for (let i = 0; i < n; i++) {
          let last = 0;
          for (const [pixel, value] of pixels.subarray(i * rows * columns, (i + 1) * rows * columns).entries()) {
            if (value === 0) continue;
            const fillers = Math.max(0, Math.ceil((pixel - last) / 255) - 1);
            for (let k = 0; k < fillers; k++) ink.push(255, 0);
            ink.push(pixel - last - 255 * fillers, value);
            last = pixel;
          }
          starts.push(ink.length);
        }
        const images = Images.fromPixels(pixels, rows, columns);
        expect([[...images.ink], [...images.starts]]).toEqual([ink, starts]);
      }),
    );
  });

  it("overwrites every pixel of an array", () => {
    const x = new Float64Array(4).fill(Number.NaN);
    Images.fromPixels(Uint8Array.of(9, 9, 9, 9, 0, 51, 0, 0), 2, 2).readPixels(1, x);
    expect([...x]).toEqual([0, 0.2, 0, 0]);
  });

  it("takes a stream cut anywhere", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 500 }), ({ shape: { rows, columns }, pixels }, size) => {
        const builder = new ImagesBuilder(rows, columns, 1, 1);
        for (let at = 0; at < pixels.length; at += size) builder.append(pixels.subarray(at, at + size));
        expect(builder.build()).toEqual(Images.fromPixels(pixels, rows, columns));
      }),
    );
  });

  it("slices without copying", () => {
    const images = Images.fromPixels(Uint8Array.of(1, 0, 0, 2, 3, 3), 1, 2);
    const slice = images.slice(1, 3);
    expect(slice.ink).toBe(images.ink);
    expect([...slice.pixels(0), ...slice.pixels(1)]).toEqual([0, 2 / 255, 3 / 255, 3 / 255]);
  });

  it.each<[unknown, number, number, RegExp]>([
    [new Uint8Array(5), 2, 2, /whole images of 2x2/],
    [new Uint8Array(5), 0, 2, /one row and column or more, found 0x2/],
    [new Uint8Array(5), 1, 2.5, /found 1x2.5/],
    [new Uint8Array(5), 1, Number.NaN, /found 1xNaN/],
    [Float64Array.of(0.5), 1, 1, /pixels: expected an instance of Uint8Array, found \[Float64Array\]/],
    [undefined, 1, 1, /pixels: .* found undefined/],
  ])("refuses %j as images of %dx%d", (pixels, rows, columns, message) => {
    expect(() => Images.fromPixels(pixels as Uint8Array, rows, columns)).toThrow(message);
  });

  it.each([-1, 1, 0.5, Number.NaN])("has no image %d", (i) => {
    expect(() => Images.fromPixels(new Uint8Array(4), 2, 2).pixels(i)).toThrow(/image: expected 0 to 0/);
  });
});
