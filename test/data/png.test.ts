/** Tests the PNG decoder against images that the fixture encodes by itself, and against every kind of broken file. */
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

const [WIDTH, HEIGHT] = [13, 9]; // not multiples of 8, so that packed bits and the passes of interlaced images end unevenly
/** The sample at x, y: a pattern of numbers below 2^bits. */
const value = (x: number, y: number, bits: number) => (x * 37 + y * 101 + x * y * 11) % 2 ** bits;
const to255 = (n: number, bits: number) => Math.round((255 * n) / (2 ** bits - 1));

function grey(depth: number, interlace = false): Raw {
  return { width: WIDTH, height: HEIGHT, depth, colorType: 0, interlace, sample: (x, y) => [value(x, y, depth)] };
}
const pattern = (pixel: (x: number, y: number) => number) =>
  Array.from({ length: WIDTH * HEIGHT }, (_, i) => pixel(i % WIDTH, Math.floor(i / WIDTH)));

describe("decodePng", () => {
  it.each([1, 2, 4, 8, 16].flatMap((depth) => [false, true].map((interlace) => ({ depth, interlace }))))(
    "reads grey images of $depth bits per sample, interlaced: $interlace",
    ({ depth, interlace }) => {
      const { width, height, luminance } = decodePng("x.png", rawPng(grey(depth, interlace)));
      expect([width, height]).toEqual([WIDTH, HEIGHT]);
      expect([...luminance]).toEqual(pattern((x, y) => to255(value(x, y, depth), depth)));
    },
  );

  it.each([8, 16].flatMap((depth) => [2, 6].map((colorType) => ({ depth, colorType }))))(
    "converts colours of type $colorType and $depth bits per sample to their luminance",
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

  it.each([1, 2, 4, 8])("reads images with a palette and %i bits per pixel", (depth) => {
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

  it("reads what pngjs writes with each of the five filters", () => {
    const png = new PNG({ width: WIDTH, height: HEIGHT });
    const expected = pattern((x, y) => value(x, y, 8));
    png.data.set(expected.flatMap((v) => [v, v, v, 255]));
    for (const filterType of [0, 1, 2, 3, 4]) {
      expect([...decodePng("x.png", PNG.sync.write(png, { filterType })).luminance]).toEqual(expected);
    }
  });

  it.each([
    ["transparent paper with black ink on white", 0, 0, [255, 0]],
    ["transparent paper with white ink on black", 255, 0, [0, 255]],
    ["white paper with dark ink and a transparent edge on white", 20, 255, [255, 255, 20]],
    ["transparent paper with pale ink on black", 220, 0, [0, 220]],
  ])("puts %s", (_, ink, paperAlpha, expected) => {
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

  it("treats the colour in a tRNS chunk as transparent", () => {
    const sample = (x: number) => [x === 0 ? 7 : 50];
    const bytes = rawPng({ width: 2, height: 1, depth: 8, colorType: 0, sample, before: [chunk("tRNS", [0, 7])] });
    expect([...decodePng("x.png", bytes).luminance]).toEqual([255, 50]);
  });
});

describe("decodePng with a broken file", () => {
  const raw = grey(8);
  const sound = rawPng(raw);
  const data = imageData(raw);
  const withData = (data: Uint8Array, interlace = false) =>
    pngOf(header({ ...raw, interlace }), [chunk("IDAT", deflateSync(data))]);
  const withHeader = (change: Partial<Raw>) => pngOf(header({ ...raw, ...change }), [chunk("IDAT", deflateSync(data))]);
  const large = chunk("IHDR", header({ ...raw, width: 60_000, height: 60_000 }));
  const flipped = Buffer.from(sound);
  flipped[60] ^= 1;

  it.each<[string, Buffer, RegExp]>([
    ["an empty file", Buffer.alloc(0), /expected a PNG image, found an empty file/],
    ["text", Buffer.from("hello"), /found what looks like text, "hello"/],
    ["a JPEG image", Buffer.from([0xff, 0xd8, 0xff, 0xe0]), /found what looks like a JPEG image/],
    [
      "changed line ends",
      Buffer.from("\x89PNG\n\x1a\n", "latin1"),
      /first bytes were changed, perhaps because it was copied as text/,
    ],
    ["the signature alone", sound.subarray(0, 8), /no header/],
    ["a file cut short in its data", sound.subarray(0, sound.length - 30), /one that was cut short/],
    ["a file without its last chunk", sound.subarray(0, sound.length - 12), /one that was cut short/],
    ["bytes after the end", Buffer.concat([sound, Buffer.alloc(5)]), /expected an intact PNG image/],
    ["a flipped bit", flipped, /expected an intact PNG image/],
    ["too few rows", withData(data.subarray(0, -14)), /fewer than 13 x 9 pixels/],
    ["too many rows", withData(Buffer.concat([data, data])), /more than 13 x 9 pixels/],
    ["data that inflate to 100 MB", withData(Buffer.alloc(1e8), true), /more than 13 x 9 pixels/],
    ["no image data", pngOf(header(raw), []), /damaged data \(unexpected end of file\)/],
    ["a width of 0", withHeader({ width: 0 }), /expected 1 to 64000000 pixels, found 0 x 9/],
    [
      "a size of 2^62 pixels",
      withHeader({ width: 2 ** 31, height: 2 ** 31 }),
      /expected 1 to 64000000 pixels.*scale it down/,
    ],
    ["an impossible depth", withHeader({ depth: 3 }), /colour type 0 with 3 bits per sample/],
    [
      "an impossible pair of colour type and depth",
      withHeader({ colorType: 3, depth: 16 }),
      /type 3 with 16 bits per sample/,
    ],
    [
      "a second header before the data",
      pngOf(header(raw), [large, chunk("IDAT", deflateSync(data))]),
      /a second header/,
    ],
    [
      "a second header after the data",
      pngOf(header(raw), [chunk("IDAT", deflateSync(data)), large]),
      /a second header/,
    ],
    ["a header that is too long", pngOf(Buffer.concat([header(raw), Buffer.alloc(1)]), []), /no header/],
    [
      "a chunk before the header",
      Buffer.concat([sound.subarray(0, 8), chunk("CgBI", []), sound.subarray(8)]),
      /no header/,
    ],
    ["a missing palette", withHeader({ colorType: 3 }), /palette/],
    ["an unknown row filter", withData(data.map((byte, i) => (i % 14 === 0 ? 9 : byte))), /filter type/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodePng("x.png", bytes)).toThrow(DataError);
    expect(() => decodePng("x.png", bytes)).toThrow(message);
  });

  it("throws nothing but DataError, whichever bytes change", () => {
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
  it("reads a file, and a stream of single bytes", async () => {
    const bytes = rawPng(grey(8));
    const folder = folderOf({ "x.png": bytes });
    const expected = decodePng("x.png", bytes);
    expect(await readPng("x.png", createReadStream(join(folder, "x.png")))).toEqual(expected);
    const pieces = Readable.from(Array.from(bytes, (byte) => Buffer.of(byte)));
    expect(await readPng("-", pieces)).toEqual(expected);
  });

  it("names a file that cannot be read", async () => {
    await expect(readPng("none.png", createReadStream("/no/such/none.png"))).rejects.toThrow(
      /^none.png: expected a file, found none/,
    );
    await expect(readPng("/tmp", createReadStream("/tmp"))).rejects.toThrow(DataError);
  });
});
