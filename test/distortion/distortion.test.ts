/** Tests distorted images against hand-made ones and against the formulas in float64, and on what they depend. draw.test.ts tests what is drawn. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Images } from "../../dist/data/images.js";
import { DistortedImages, Distortion, type Draw } from "../../dist/distortion/distortion.js";
import { warp } from "../../dist/distortion/warp.js";
import {
  distorted,
  distortionFor,
  mnistPixels,
  noiseOf,
  PERIOD,
  type Picture,
  picturesOf,
  smoothed,
} from "../fixtures/distortion.js";

const AUGMENTED = ["shifts", "affine", "elastic"] as const;

describe("shifts", () => {
  /** An image, and what it may become: in its place, moved to the left, right, up and down. */
  const HAND_MADE: [Picture["rows"], Picture["columns"], number[], string[]][] = [
    [
      3,
      3,
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      ["1,2,3,4,5,6,7,8,9", "2,3,0,5,6,0,8,9,0", "0,1,2,0,4,5,0,7,8", "4,5,6,7,8,9,0,0,0", "0,0,0,1,2,3,4,5,6"],
    ],
    [1, 1, [7], ["7", "0", "0", "0", "0"]],
    [1, 5, [1, 2, 3, 4, 5], ["1,2,3,4,5", "2,3,4,5,0", "0,1,2,3,4", "0,0,0,0,0", "0,0,0,0,0"]],
    [5, 1, [1, 2, 3, 4, 5], ["1,2,3,4,5", "0,0,0,0,0", "0,0,0,0,0", "2,3,4,5,0", "0,1,2,3,4"]],
    [
      2,
      3,
      [1, 0, 255, 31, 32, 0],
      ["1,0,255,31,32,0", "0,255,0,32,0,0", "0,1,0,0,31,32", "31,32,0,0,0,0", "0,0,0,1,0,255"],
    ],
    [3, 2, [1, 2, 3, 4, 5, 6], ["1,2,3,4,5,6", "2,0,4,0,6,0", "0,1,0,3,0,5", "3,4,5,6,0,0", "0,0,1,2,3,4"]],
  ];

  it.each(HAND_MADE)(
    "of %i x %i pixels are the five moves, each as often as the others",
    (rows, columns, values, expected) => {
      const picture = { rows, columns, pixels: Uint8Array.from(values) };
      const distortion = distortionFor("shifts", picture);
      const n = 20_000;
      const counts = new Map<string, number>();
      for (let image = 0; image < n; image++) {
        const found = distorted(distortion, image, picture).join();
        counts.set(found, (counts.get(found) ?? 0) + 1);
      }
      expect([...counts.keys()].sort()).toEqual([...new Set(expected)].sort());
      for (const [found, count] of counts) {
        const p = expected.filter((move) => move === found).length / 5;
        expect(Math.abs(count - n * p)).toBeLessThan(6 * Math.sqrt(n * p * (1 - p))); // six standard deviations
      }
    },
  );

  it("move by one pixel, whatever the strength and the size", () => {
    for (const [rows, columns, augmentStrength] of [
      [28, 28, 10],
      [300, 20, 1],
      [56, 56, 0],
    ]) {
      const distortion = distortionFor("shifts", { rows, columns }, { augmentStrength });
      const moves = Array.from({ length: 100 }, (_, image) => distortion.draw(image));
      for (const { moveX, moveY } of moves) expect(Math.abs(moveX) + Math.abs(moveY)).toBeLessThanOrEqual(1);
      expect(new Set(moves.map(({ moveX, moveY }) => `${moveX} ${moveY}`)).size).toBe(5);
    }
  });
});

describe("affine and elastic distortions", () => {
  const SHAPES = [
    [28, 28],
    [1, 1],
    [1, 7],
    [5, 3],
    [20, 31],
    [64, 64],
    [200, 30],
  ];
  /** Only for affine distortions: the fields for such images take long. */
  const LARGEST = [
    [2048, 2],
    [2, 2048],
  ];
  const STRENGTHS = [0, 0.3, 1, 3, 10];
  const IMAGES_PER_CASE = 2;
  /** For each sigma the two fields of seed 1, epoch 1 for alpha = 1. */
  const unitFields = new Map<number, Float64Array[]>();
  const fieldsOf = (sigma: number) => {
    const fields = unitFields.get(sigma) ?? [0, 1].map((direction) => smoothed(noiseOf(1, 1, direction), sigma));
    unitFields.set(sigma, fields);
    return fields;
  };

  /**
   * The distorted image in float64, neither rounded nor cut at the faintest ink: pixel p comes from c + M (p - c) + t, with elastic distortions + E(p).
   * M = R(theta) [[1, shear], [0, 1]] diag(scaleX, scaleY). A place outside of the image is 0.
   */
  function exact({ rows, columns, pixels }: Picture, draw: Draw, alpha: number): Float64Array {
    const [cos, sin] = [Math.cos(draw.theta), Math.sin(draw.theta)];
    const [centreX, centreY] = [(columns - 1) / 2, (rows - 1) / 2];
    const pixel = (y: number, x: number) => (y < 0 || x < 0 || y >= rows || x >= columns ? 0 : pixels[y * columns + x]);
    const displacement = (direction: number, start: number, y: number, x: number) => {
      if (alpha === 0) return 0;
      const row = (Math.floor(start / PERIOD) + y) % PERIOD;
      const column = ((start % PERIOD) + x) % PERIOD;
      return alpha * fieldsOf((5 * Math.max(rows, columns)) / 28)[direction][row * PERIOD + column];
    };
    return Float64Array.from({ length: rows * columns }, (_, i) => {
      const [y, x] = [Math.floor(i / columns), i % columns];
      const [scaledX, scaledY] = [draw.scaleX * (x - centreX), draw.scaleY * (y - centreY)];
      const [shearedX, shearedY] = [scaledX + draw.shear * scaledY, scaledY];
      const fromX = centreX + cos * shearedX - sin * shearedY + draw.moveX + displacement(0, draw.fieldX, y, x);
      const fromY = centreY + sin * shearedX + cos * shearedY + draw.moveY + displacement(1, draw.fieldY, y, x);
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [right, down] = [fromX - left, fromY - top];
      const upper = (1 - right) * pixel(top, left) + right * pixel(top, left + 1);
      const lower = (1 - right) * pixel(top + 1, left) + right * pixel(top + 1, left + 1);
      return (1 - down) * upper + down * lower;
    });
  }

  /** The distorted image with all ink, also that which is fainter than 32. */
  function withFaintInk(distortion: Distortion, image: number, { rows, columns, pixels }: Picture): Uint8Array {
    const [map, out] = [new Int32Array(8), new Uint8Array(pixels.length)];
    distortion.writeMap(image, map);
    warp(pixels, map, { rows, columns, fields: distortion.fields, faintest: 1 }, out);
    return out;
  }

  const MNIST = mnistPixels(20);
  const mnist = (i: number): Picture => ({
    rows: 28,
    columns: 28,
    pixels: MNIST.subarray(784 * i, 784 * (i + 1)),
  });
  const picturesFor = (rows: number, columns: number) => {
    const pictures = Object.values(picturesOf(rows, columns));
    return rows === 28 && columns === 28 ? [...pictures, mnist(0), mnist(1), mnist(7)] : pictures;
  };

  /**
   * The largest possible error in grey levels: 0.78 for 28x28 and 0.86 for 200x30, but 1.75 for 2048x2. A place and a displacement are each rounded to
   * 1/2048 of a pixel, and a map's factors, which the distances from the centre multiply, to 2^-18. Neighbouring pixels differ by at most 255, to the
   * right and down, and the rounding to bytes adds half a grey level. Seen: 0.65 at most.
   */
  const tolerance = (rows: number, columns: number) => {
    const place = 2 ** -12 + 2 ** -12 + 2 ** -19 * (1 + rows / 2 + columns / 2);
    return 2 * 255 * place + 0.5;
  };

  describe.each(["affine", "elastic"] as const)("%s", (augment) => {
    it.each(augment === "affine" ? [...SHAPES, ...LARGEST] : SHAPES)(
      "gives images of %i x %i pixels as the formulas do, to one grey level",
      (rows, columns) => {
        for (const augmentStrength of STRENGTHS) {
          const distortion = distortionFor(augment, { rows, columns }, { augmentStrength });
          const alpha = augment === "elastic" ? (30 * augmentStrength * Math.max(rows, columns)) / 28 : 0;
          for (const picture of picturesFor(rows, columns)) {
            for (let image = 0; image < IMAGES_PER_CASE; image++) {
              const found = withFaintInk(distortion, image, picture);
              const expected = exact(picture, distortion.draw(image), alpha);
              const worst = expected.reduce((worst, value, i) => Math.max(worst, Math.abs(found[i] - value)), 0);
              expect(worst).toBeLessThan(tolerance(rows, columns));
            }
          }
        }
      },
    );

    it("makes ink fainter than 32 disappear, and keeps all other ink", () => {
      for (const [rows, columns] of SHAPES) {
        const distortion = distortionFor(augment, { rows, columns });
        for (const picture of picturesFor(rows, columns)) {
          const all = withFaintInk(distortion, 5, picture);
          expect(distorted(distortion, 5, picture)).toEqual(all.map((value) => (value < 32 ? 0 : value)));
        }
      }
    });

    it("leaves a blank image blank, and gives every image of MNIST other ink", () => {
      const distortion = distortionFor(augment, { rows: 28, columns: 28 });
      const { blank } = picturesOf(28, 28);
      for (let image = 0; image < 20; image++) {
        expect(distorted(distortion, image, blank)).toEqual(blank.pixels);
        expect(distorted(distortion, image, mnist(image))).not.toEqual(mnist(image).pixels);
      }
    });
  });
});

describe("a map for the largest image and strength", () => {
  it("has places that fit into 32 bits, and are right at the corners", () => {
    const side = 2048;
    const distortion = distortionFor("affine", { rows: side, columns: side }, { augmentStrength: 10 });
    const map = new Int32Array(8);
    const c = (side - 1) / 2;
    let [largest, worst] = [0, 0];
    for (let image = 0; image < 2000; image++) {
      distortion.writeMap(image, map);
      const { theta, scaleX, scaleY, shear, moveX, moveY } = distortion.draw(image);
      for (const [x, y] of [
        [0, 0],
        [side, 0], // one beyond the last pixel: the kernel computes four at a time
        [0, side],
        [side, side],
      ]) {
        const [dx, dy] = [scaleX * (x - c) + shear * scaleY * (y - c), scaleY * (y - c)];
        for (const [found, expected] of [
          [map[0] * x + map[1] * y + map[2], c + Math.cos(theta) * dx - Math.sin(theta) * dy + moveX],
          [map[3] * x + map[4] * y + map[5], c + Math.sin(theta) * dx + Math.cos(theta) * dy + moveY],
        ]) {
          largest = Math.max(largest, Math.abs(found));
          worst = Math.max(worst, Math.abs(found - 2 ** 18 * expected));
        }
      }
    }
    expect(largest).toBeLessThan(2 ** 31);
    expect(worst).toBeLessThan(side); // a factor errs by half a unit, twice, at a distance of half the side
  });
});

describe("a distorted image", () => {
  const PIXELS = mnistPixels(200);
  const SIZE = { rows: 28, columns: 28 };
  const picture = (i: number): Picture => ({ ...SIZE, pixels: PIXELS.subarray(784 * i, 784 * (i + 1)) });

  // These show that other versions of Node and other machines make the same bytes. They change when a definition does, and then so do the results of runs.
  it.each([
    ["shifts", "986f54ce4daeeba1ff4e394c267ee53f1e2672d41952e616a611a96307c6d9e1"],
    ["affine", "a1494aec56506b0ecafa6948e1847228ba257a98b4a51ca18dc2cb9808d8c9ac"],
    ["elastic", "1c34b1334d8f1fb477046a4fab69ca8b01f46bd3ad144f6258f103c0c4df9ced"],
  ] as const)("has the bytes that it always had: %s", (augment, expected) => {
    const hash = createHash("sha256");
    for (const epoch of [1, 2]) {
      const distortion = distortionFor(augment, SIZE, { seed: 7, epoch, augmentStrength: 1.2 });
      for (let i = 0; i < 200; i++) hash.update(distorted(distortion, i, picture(i)));
    }
    expect(hash.digest("hex")).toBe(expected);
  });

  it.each(AUGMENTED)(
    "depends on the seed, the epoch and its number alone, not on what is asked before: %s",
    (augment) => {
      const all = Array.from({ length: 40 }, (_, i) => i);
      const bytes = (order: number[], distortion = distortionFor(augment, SIZE)) => {
        const found: string[] = [];
        for (const i of order) found[i] = distorted(distortion, i, picture(i)).join();
        return found;
      };
      const expected = bytes(all);
      expect(bytes(all.toReversed())).toEqual(expected);
      expect(bytes([7])[7]).toEqual(expected[7]);
      const distortion = distortionFor(augment, SIZE);
      bytes([3, 3, 39, 0], distortion);
      expect(bytes(all, distortion)).toEqual(expected);
      for (const other of [{ seed: 2 }, { epoch: 2 }]) {
        expect(bytes([7], distortionFor(augment, SIZE, other))[7]).not.toEqual(expected[7]);
      }
      expect(distorted(distortion, 8, picture(7)).join()).not.toBe(expected[7]);
    },
  );

  it.each(AUGMENTED)("is read scaled to 0..1, and the images themselves do not change: %s", (augment) => {
    const images = Images.fromPixels(PIXELS.subarray(0, 784 * 10), 28, 28);
    const before = images.ink.slice();
    const distortion = distortionFor(augment, SIZE);
    const seen = new DistortedImages(images, distortion);
    const x = new Float64Array(784).fill(9);
    for (const i of [5, 0, 9, 5]) {
      seen.readPixels(i, x);
      expect(x).toEqual(Float64Array.from(distorted(distortion, i, picture(i)), (value) => value / 255));
    }
    expect(images.ink).toEqual(before);
  });

  it.each(AUGMENTED)("may have 2048 rows or columns, and no more: %s", (augment) => {
    for (const [rows, columns] of [
      [2049, 1],
      [1, 2049],
    ]) {
      expect(() => distortionFor(augment, { rows, columns })).toThrow(
        `augment ${augment}: expected images of at most 2048 rows and 2048 columns, found images of ${rows}x${columns}`,
      );
    }
    const { full } = picturesOf(2048, 2);
    const found = distorted(distortionFor(augment, full, { augmentStrength: augment === "elastic" ? 1 : 10 }), 0, full);
    expect(found.some((value) => value === 255)).toBe(true);
  });
});

describe("Distortion", () => {
  it.each<[string, Partial<Record<"augment" | "augmentStrength" | "seed" | "epoch" | "rows", unknown>>]>([
    ["augment: expected none or shifts or affine or elastic, found bent", { augment: "bent" }],
    ["augment: expected none or shifts or affine or elastic, found toString", { augment: "toString" }],
    ["augment strength: expected a number from 0 to 10, found undefined", { augmentStrength: undefined }],
    ["augment strength: expected a number from 0 to 10, found 10.5", { augmentStrength: 10.5 }],
    ["seed: expected a whole number from 0 to 4294967295, found -1", { seed: -1 }],
    ["epoch: expected a whole number from 1, found 0", { epoch: 0 }],
    ["rows: expected a whole number from 1, found 1.5", { rows: 1.5 }],
    ["augment affine: expected images of at most 2048 rows and 2048 columns, found images of 2049x28", { rows: 2049 }],
  ])("refuses values out of range: %s", (message, given) => {
    const values = { augment: "affine", augmentStrength: 1, seed: 1, epoch: 1, rows: 28, ...given } as never;
    const { augment, augmentStrength, seed, epoch, rows } = values;
    expect(() => new Distortion({ augment, augmentStrength }, seed, epoch, rows, 28)).toThrow(message);
  });

  it("refuses arrays of the wrong length", () => {
    const distortion = new Distortion({ augment: "affine", augmentStrength: 1 }, 1, 1, 3, 4);
    const [right, wrong] = [new Uint8Array(12), new Uint8Array(11)];
    expect(() => distortion.distort(0, wrong, right)).toThrow("image: expected 12 pixels, found 11");
    expect(() => distortion.distort(0, right, wrong)).toThrow("image: expected 12 pixels, found 11");
  });
});
