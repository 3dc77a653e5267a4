/** Tests the scaling and centring of pictures, by its result and by the answers of a network. */
import { beforeAll, describe, expect, it } from "vitest";
import { fieldSide, toField } from "../../dist/data/digit.js";
import type { GreyImage } from "../../dist/data/png.js";
import { ConfigurationError, DataError } from "../../dist/errors.js";
import { type Dataset, loadDataset, type Network, Random } from "../../dist/index.js";
import { quickNetwork } from "../fixtures/model.js";

let data: Dataset;
let network: Network;
beforeAll(async () => {
  data = await loadDataset();
  network = await quickNetwork(data);
});

const IMAGES = 100;

function testImage(i: number): Uint8Array {
  return Uint8Array.from(data.test.images.pixels(i), (value) => Math.round(255 * value));
}

/** How a test image is turned into a picture such as a scan or a photograph. */
interface Setting {
  /** The size of the picture, the place of the test image in it, and the factor by which the image is enlarged. */
  width: number;
  height: number;
  left?: number;
  top?: number;
  scale?: number;
  /** The luminance of the background and of the ink, 0..255. */
  paper?: number;
  ink?: number;
  /** The standard deviation of the noise, and the difference in luminance between the right and the left side. */
  noise?: number;
  shadow?: number;
}

/** Draws a test image as a picture. */
function picture(
  digit: Uint8Array,
  { width, height, left = 0, top = 0, scale = 1, paper = 0, ink = 255, noise = 0, shadow = 0 }: Setting,
  random = new Random(1),
): GreyImage {
  const luminance = new Uint8Array(width * height);
  for (let i = 0; i < luminance.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const [column, row] = [Math.floor((x - left) / scale), Math.floor((y - top) / scale)];
    const isInside = Math.min(column, row) >= 0 && Math.max(column, row) < 28;
    const value = paper + ((ink - paper) * (isInside ? digit[28 * row + column] : 0)) / 255 + (shadow * x) / width;
    luminance[i] = Math.max(0, Math.min(255, Math.round(value + (noise && noise * random.gaussian()))));
  }
  return { width, height, luminance };
}

/** The digit that the network recognises. */
function answer(field: Uint8Array): number {
  const a = network.feedforward(Float64Array.from(field, (value) => value / 255));
  return a.indexOf(Math.max(...a));
}

const BLACK_ON_WHITE = { paper: 255, ink: 0 };

describe("toField", () => {
  it("returns an image of MNIST unchanged", () => {
    for (let i = 0; i < IMAGES; i++) {
      const image = { width: 28, height: 28, luminance: testImage(i) };
      expect(toField("x", image, 28)).toEqual(image.luminance);
    }
  });

  // MNIST's own images are already scaled and centred. So nothing may change, except that the strongest ink becomes 255.
  it.each<[string, Setting]>([
    ["dark on light", { width: 28, height: 28, ...BLACK_ON_WHITE }],
    ["7 times as large on black", { width: 196, height: 196, scale: 7 }],
    ["in the corner of a large black field", { width: 60, height: 90, left: 30, top: 1 }],
    ["in a wide white field, 3 times as large", { width: 200, height: 100, left: 90, scale: 3, ...BLACK_ON_WHITE }],
  ])("restores an image of MNIST that is %s", (_, setting) => {
    for (let i = 0; i < IMAGES; i++) {
      const digit = testImage(i);
      const most = Math.max(...digit);
      expect(toField("x", picture(digit, setting), 28)).toEqual(digit.map((value) => Math.round((255 * value) / most)));
    }
  });

  // Nearly always: the network has an accuracy of 93 %, and close decisions may change.
  it.each<[string, number, Setting]>([
    ["pale pencil on grey paper", 0.98, { width: 140, height: 140, scale: 5, paper: 190, ink: 130 }],
    ["pale chalk on a grey board", 0.98, { width: 140, height: 140, scale: 5, paper: 70, ink: 120 }],
    ["a noisy scan", 0.96, { width: 196, height: 196, scale: 7, paper: 235, ink: 30, noise: 8 }],
    [
      "a photograph with a shadow",
      0.94,
      { width: 300, height: 220, top: 10, left: 60, scale: 7, paper: 180, ink: 20, shadow: 40 },
    ],
    ["2.5 times as large", 0.96, { width: 70, height: 70, scale: 2.5 }],
    ["cropped close to the ink", 0.93, { width: 140, height: 140, left: -28, top: -28, scale: 7, ...BLACK_ON_WHITE }],
  ])("hardly changes the network's answer for %s", (_, minShare, setting) => {
    let same = 0;
    const random = new Random(2);
    for (let i = 0; i < IMAGES; i++) {
      const digit = testImage(i);
      if (answer(toField("x", picture(digit, setting, random), 28)) === answer(digit)) same++;
    }
    expect(same / IMAGES).toBeGreaterThanOrEqual(minShare);
  });

  it("scales the ink to 20/28 of the side, keeps its proportions, and centres its mass", () => {
    for (const side of [14, 28, 56]) {
      // a bar of 30 x 120, dark on light, far from the middle
      const luminance = new Uint8Array(200 * 300).fill(240);
      for (let y = 10; y < 130; y++) luminance.fill(5, 200 * y + 150, 200 * y + 180);
      const field = toField("x", { width: 200, height: 300, luminance }, side);
      const ink = [...field.keys()].filter((i) => field[i] > 0);
      const [columns, rows] = [ink.map((i) => i % side), ink.map((i) => Math.floor(i / side))];
      const extent = (values: number[]) => Math.max(...values) - Math.min(...values) + 1;
      expect([extent(columns), extent(rows)]).toEqual([(5 * side) / 28, (20 * side) / 28].map(Math.round));
      for (const values of [columns, rows]) {
        const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(Math.abs(centre - side / 2)).toBeLessThanOrEqual(0.5); // it moves by whole pixels
      }
    }
  });

  it("averages over the area of each new pixel", () => {
    // A checkerboard of 40 x 40 pixels, where 2 x 2 pixels hold two of ink. One corner is all ink, and becomes 255.
    const luminance = Uint8Array.from({ length: 42 * 42 }, (_, i) => {
      const [x, y] = [(i % 42) - 1, Math.floor(i / 42) - 1];
      if (Math.min(x, y) < 0 || Math.max(x, y) >= 40) return 0;
      return (x < 2 && y < 2) || (x + y) % 2 === 0 ? 200 : 0;
    });
    const field = toField("x", { width: 42, height: 42, luminance }, 28);
    const ink = field.filter((value) => value > 0);
    expect(ink.length).toBe(400);
    expect([...ink].sort((a, b) => a - b)).toEqual([...new Array(399).fill(128), 255]);
  });

  it.each([
    ["white", 255, 0],
    ["black", 0, 0],
    ["grey with a little noise", 128, 2],
  ])("refuses a blank image, all %s", (_, paper, noise) => {
    const blank = picture(new Uint8Array(784), { width: 50, height: 40, paper, noise });
    expect(() => toField("sheet.png", blank, 28)).toThrow(DataError);
    expect(() => toField("sheet.png", blank, 28)).toThrow(/^sheet.png: .*found a blank one/);
  });

  it.each([
    [1, 1],
    [1, 9],
    [9, 1],
    [2, 2],
  ])("scales an image of %i x %i or throws a DataError, and nothing else", (width, height) => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const luminance = Uint8Array.from({ length: width * height }, () => random.uint32() & 255);
      try {
        const field = toField("x", { width, height, luminance }, 28);
        expect([field.length, Math.max(...field)]).toEqual([784, 255]);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }
  });
});

describe("fieldSide", () => {
  it("is the square root of the number of inputs, which must be a square number", () => {
    expect([784, 1024, 1].map(fieldSide)).toEqual([28, 32, 1]);
    expect(() => fieldSide(6)).toThrow(ConfigurationError);
    expect(() => fieldSide(6)).toThrow(/a square number of input neurons.*found 6/);
  });
});
