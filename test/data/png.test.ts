import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { decodePng, readPng } from "../../dist/data/png.js";
import { DataError } from "../../dist/errors.js";
import { folderOf } from "../fixtures/idx.js";
import { chunk, header, imageData, pngOf, type Raw, rawPng } from "../fixtures/png.js";

const [WIDTH, HEIGHT] = [13, 9]; // no multiples of 8: interlacing and packed bits have their odd ends
/** A pattern of numbers below 2^bits. */
const value = (x: number, y: number, bits: number) => (x * 37 + y * 101 + x * y * 11) % 2 ** bits;
const to255 = (n: number, bits: number) => Math.round((255 * n) / (2 ** bits - 1));

function grey(depth: number, interlace = false): Raw {
  return { width: WIDTH, height: HEIGHT, depth, colorType: 0, interlace, sample: (x, y) => [value(x, y, depth)] };
}
const pattern = (pixel: (x: number, y: number) => number) =>
  Array.from({ length: WIDTH * HEIGHT }, (_, i) => pixel(i % WIDTH, Math.floor(i / WIDTH)));

describe("decodePng", () => {
  it.each([1, 2, 4, 8, 16].flatMap((depth) => [false, true].map((interlace) => ({ depth, interlace }))))(
    "reads grey of $depth bits, interlaced: $interlace",
    ({ depth, interlace }) => {
      const { width, height, luminance } = decodePng("x.png", rawPng(grey(depth, interlace)));
      expect([width, height]).toEqual([WIDTH, HEIGHT]);
      expect([...luminance]).toEqual(pattern((x, y) => to255(value(x, y, depth), depth)));
    },
  );

  it.each([8, 16].flatMap((depth) => [2, 6].map((colorType) => ({ depth, colorType }))))(
    "reads $depth-bit colour of type $colorType as its luminance",
    ({ depth, colorType }) => {
      const rgb = (x: number, y: number) => [value(x, y, depth), value(y, x, depth), value(x + 1, y, depth)];
      const alpha = colorType === 6 ? [2 ** depth - 1] : [];
      const bytes = rawPng({ ...grey(depth), colorType, sample: (x, y) => [...rgb(x, y), ...alpha] });
      const expected = pattern((x, y) => {
        const [r, g, b] = rgb(x, y).map((n) => to255(n, depth));
        return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      });
      expect([...decodePng("x.png", bytes).luminance]).toEqual(expected);
    },
  );

  it.each([1, 2, 4, 8])("reads palettes of %i bits", (depth) => {
    const colors = Array.from({ length: 2 ** depth }, (_, i) => (i * 91) % 256);
    const before = [
      chunk(
        "PLTE",
        colors.flatMap((c) => [c, c, c]),
      ),
    ];
    const bytes = rawPng({ ...grey(depth), colorType: 3, before });
    expect([...decodePng("x.png", bytes).luminance]).toEqual(pattern((x, y) => colors[value(x, y, depth)]));
  });

  it("reads what pngjs writes, filtered", () => {
    const png = new PNG({ width: WIDTH, height: HEIGHT });
    const expected = pattern((x, y) => value(x, y, 8));
    png.data.set(expected.flatMap((v) => [v, v, v, 255]));
    for (const filterType of [0, 1, 2, 3, 4]) {
      expect([...decodePng("x.png", PNG.sync.write(png, { filterType })).luminance]).toEqual(expected);
    }
  });

  it.each([
    ["black ink on nothing, on white", 0, 0, [255, 0]],
    ["white ink on nothing, on black", 255, 0, [0, 255]],
    ["a dark digit on white paper with a see-through edge, on white", 20, 255, [255, 255, 20]],
    ["pale ink on nothing, on black", 220, 0, [0, 220]],
  ])("shows %s", (_, ink, paperAlpha, expected) => {
    const pixels =
      paperAlpha === 0
        ? [
            [0, 0],
            [ink, 255],
          ]
        : [
            [0, 0],
            [255, paperAlpha],
            [ink, 255],
          ];
    const bytes = rawPng({ width: pixels.length, height: 1, depth: 8, colorType: 4, sample: (x) => pixels[x] });
    expect([...decodePng("x.png", bytes).luminance]).toEqual(expected);
  });

  it("takes a colour that the file calls transparent for nothing", () => {
    const sample = (x: number) => [x === 0 ? 7 : 50];
    const bytes = rawPng({ width: 2, height: 1, depth: 8, colorType: 0, sample, before: [chunk("tRNS", [0, 7])] });
    expect([...decodePng("x.png", bytes).luminance]).toEqual([255, 50]);
  });
});

describe("what is no sound PNG", () => {
  const raw = grey(8);
  const sound = rawPng(raw);
  const data = imageData(raw);
  const withData = (data: Uint8Array, interlace = false) =>
    pngOf(header({ ...raw, interlace }), [chunk("IDAT", deflateSync(data))]);
  const withHeader = (change: Partial<Raw>) => pngOf(header({ ...raw, ...change }), [chunk("IDAT", deflateSync(data))]);
  const flipped = Buffer.from(sound);
  flipped[60] ^= 1;

  it.each<[string, Buffer, RegExp]>([
    ["nothing", Buffer.alloc(0), /expected a PNG image, found an empty file/],
    ["text", Buffer.from("hello"), /found what looks like text, "hello"/],
    ["JPEG", Buffer.from([0xff, 0xd8, 0xff, 0xe0]), /found what looks like a JPEG image/],
    [
      "line ends changed",
      Buffer.from("\x89PNG\n\x1a\n", "latin1"),
      /first bytes were changed, perhaps as if it were text/,
    ],
    ["its signature alone", sound.subarray(0, 8), /no header/],
    ["cut short in the data", sound.subarray(0, sound.length - 30), /one cut short/],
    ["cut short before the end", sound.subarray(0, sound.length - 12), /one cut short/],
    ["bytes after the end", Buffer.concat([sound, Buffer.alloc(5)]), /expected a sound PNG image/],
    ["a flipped bit", flipped, /expected a sound PNG image/],
    ["too few rows", withData(data.subarray(0, -14)), /fewer than 13 x 9 pixels/],
    ["too many rows", withData(Buffer.concat([data, data])), /more than 13 x 9 pixels/],
    ["a bomb", withData(Buffer.alloc(1e8), true), /more than 13 x 9 pixels/],
    ["no data", pngOf(header(raw), []), /one cut short/],
    ["no width", withHeader({ width: 0 }), /expected 1 to 64000000 pixels, found 0 x 9/],
    ["far too large", withHeader({ width: 2 ** 31, height: 2 ** 31 }), /expected 1 to 64000000 pixels.*scale it down/],
    ["an impossible depth", withHeader({ depth: 3 }), /colour type 0 with 3 bits a sample/],
    ["an impossible pair", withHeader({ colorType: 3, depth: 16 }), /colour type 3 with 16 bits a sample/],
    ["no palette", withHeader({ colorType: 3 }), /palette/],
    ["an unknown filter", withData(data.map((byte, i) => (i % 14 === 0 ? 9 : byte))), /filter type/],
  ])("is refused: %s", (_, bytes, message) => {
    expect(() => decodePng("x.png", bytes)).toThrow(DataError);
    expect(() => decodePng("x.png", bytes)).toThrow(message);
  });

  it("never crashes the decoder, wherever bytes change", () => {
    const change = fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 0, max: 255 }));
    const interlaced = rawPng(grey(4, true));
    fc.assert(
      fc.property(
        fc.constantFrom(sound, interlaced),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (file, changes) => {
          const bytes = Buffer.from(file);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            const { width, height, luminance } = decodePng("x.png", bytes);
            expect(luminance.length).toBe(width * height);
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("readPng", () => {
  it("reads a file, and a stream in pieces", async () => {
    const bytes = rawPng(grey(8));
    const folder = folderOf({ "x.png": bytes });
    const expected = decodePng("x.png", bytes);
    expect(await readPng("x.png", createReadStream(join(folder, "x.png")))).toEqual(expected);
    const pieces = Readable.from(Array.from(bytes, (byte) => Buffer.of(byte)));
    expect(await readPng("-", pieces)).toEqual(expected);
  });

  it("says which file cannot be read", async () => {
    await expect(readPng("none.png", createReadStream("/no/such/none.png"))).rejects.toThrow(
      /^none.png: expected a file, found none/,
    );
    await expect(readPng("/tmp", createReadStream("/tmp"))).rejects.toThrow(DataError);
  });
});
