/** Turns a picture of a digit into an image like those of MNIST: a light digit on black, scaled and centred. */
import { ConfigurationError, DataError } from "../errors.js";
import type { GreyImage } from "./png.js";

/** The side of the box that MNIST's digits were scaled to fit, as a share of the image's side. */
const BOX = 20 / 28;

/** An image is blank if its luminance, 0..255, differs less than this from the background everywhere. */
const MIN_CONTRAST = 16;

/** The share of ink that may lie outside the digit, as noise. A single pixel of MNIST, however faint, is more. */
const NOISE = 1e-5;

/** The side of the square images that a network takes. @throws ConfigurationError if `inputs` is not a square number */
export function fieldSide(inputs: number): number {
  const side = Math.sqrt(inputs);
  if (Number.isInteger(side)) return side;
  const expected = "a square number of input neurons, such as 784, because the images must be scaled";
  const remedy = `use an IDX file of images of ${inputs} pixels`;
  throw new ConfigurationError({ thing: "the network", expected, found: `${inputs}`, remedy });
}

/**
 * Scales and centres an image of one digit as the images of MNIST were (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied
 * to document recognition", 1998, section III.A): the digit is scaled to fit a box of 20 x 20 pixels, keeping its proportions, and is
 * placed in a field of 28 x 28 so that its centre of mass is at the centre. Fields of other sizes are in proportion.
 *
 * The border of the image tells whether the ink is dark or light. An image of the field's size on pure black is returned as it is, because
 * that is what an image of MNIST looks like.
 *
 * @param name  the name of the image in errors
 * @returns light ink on black, 0..255, length side * side, row by row
 * @throws DataError if the image is blank
 */
export function toField(name: string, image: GreyImage, side: number): Uint8Array {
  const { background, ink } = findInk(name, image);
  if (image.width === side && image.height === side && background === 0) return image.luminance;
  const box = boundingBox(image, ink);
  const scale = (BOX * side) / Math.max(box.width, box.height);
  const [columns, rows] = [box.width, box.height].map((length) => Math.max(1, Math.round(scale * length)));
  return placeCentred(shrink(image, box, columns, rows, ink), columns, rows, side);
}

/** Finds the luminance of the background, and the amount of ink in a pixel of each luminance, length 256, 0 or more. */
function findInk(name: string, { width, luminance }: GreyImage): { background: number; ink: Float64Array } {
  const all = histogram(luminance);
  const isBorder = (i: number) =>
    i % width === 0 || i % width === width - 1 || i < width || i >= luminance.length - width;
  const border = histogram(luminance.filter((_, i) => isBorder(i)));
  const [darkest, lightest] = [all.findIndex((n) => n > 0), all.findLastIndex((n) => n > 0)];
  const middle = Math.ceil((darkest + lightest) / 2);
  const isLight = sum(border.subarray(middle)) >= sum(border.subarray(0, middle)); // the background
  // Ink may reach the border, so only the border pixels on the background's side of the middle are background.
  const paper = border.map((n, luminance) => (luminance >= middle === isLight ? n : 0));
  const background = quantile(paper, 0.5);
  const contrast = (luminance: number) => (isLight ? background - luminance : luminance - background);
  const maxContrast = contrast(isLight ? darkest : lightest);
  if (maxContrast < MIN_CONTRAST) {
    const expected = "an image of a digit that is darker or lighter than its background";
    throw new DataError({ thing: name, expected, found: "a blank one" });
  }
  // Paper has shades and noise: 95 % of its pixels differ by at most `shade`, and nearly none by more than three times that.
  const shade = contrast(quantile(paper, isLight ? 0.05 : 0.95));
  const threshold = Math.min(3 * shade, maxContrast / 2);
  const ink = Float64Array.from(all, (_, luminance) => Math.max(0, contrast(luminance) - threshold));
  return { background, ink };
}

/** The number of pixels of each luminance, length 256. */
function histogram(luminance: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const value of luminance) counts[value]++;
  return counts;
}

/** The smallest luminance such that at least this share of the pixels is not lighter. */
function quantile(histogram: Uint32Array, share: number): number {
  let left = share * sum(histogram);
  return histogram.findIndex((n) => {
    left -= n;
    return n > 0 && left <= 0;
  });
}

function sum(values: Uint32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

type Box = ReturnType<typeof boundingBox>;

/** The smallest box that holds the ink, except for noise. */
function boundingBox({ width, height, luminance }: GreyImage, ink: Float64Array) {
  const columns = new Float64Array(width); // the ink of each column
  const rows = new Float64Array(height);
  for (let i = 0; i < luminance.length; i++) {
    columns[i % width] += ink[luminance[i]];
    rows[Math.floor(i / width)] += ink[luminance[i]];
  }
  const [left, right] = extent(columns);
  const [top, bottom] = extent(rows);
  return { left, top, width: right - left, height: bottom - top };
}

/** The range of rows or columns that holds the ink, except for a share of `NOISE` at either end. `to` is not included. */
function extent(ink: Float64Array): [from: number, to: number] {
  const noise = NOISE * sum(ink);
  let [from, to] = [0, ink.length];
  for (let outside = ink[from]; outside <= noise; outside += ink[from]) from++;
  for (let outside = ink[to - 1]; outside <= noise; outside += ink[to - 1]) to--;
  return [from, to];
}

/**
 * Scales a box of the image to columns x rows pixels, each the mean of the area that it covers.
 *
 * @param ink  the amount of ink in a pixel of each luminance, length 256
 * @returns the ink of each pixel, length columns * rows, row by row
 */
export function shrink(image: GreyImage, box: Box, columns: number, rows: number, ink: Float64Array): Float64Array {
  const means = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const [top, bottom] = [row, row + 1].map((y) => box.top + (y * box.height) / rows);
    for (let column = 0; column < columns; column++) {
      const [left, right] = [column, column + 1].map((x) => box.left + (x * box.width) / columns);
      means[row * columns + column] = mean(image, left, right, top, bottom, ink);
    }
  }
  return means;
}

/** The mean ink of a rectangle. Its sides may cut through pixels, which then count in part. */
function mean(image: GreyImage, left: number, right: number, top: number, bottom: number, ink: Float64Array): number {
  const overlap = (pixel: number, from: number, to: number) => Math.min(pixel + 1, to) - Math.max(pixel, from);
  let sum = 0;
  for (let y = Math.floor(top); y < bottom; y++) {
    const height = overlap(y, top, bottom);
    for (let x = Math.floor(left); x < right; x++) {
      sum += ink[image.luminance[y * image.width + x]] * height * overlap(x, left, right);
    }
  }
  return sum / ((right - left) * (bottom - top));
}

/**
 * Places columns x rows pixels in a field of side x side, and stretches them to 0..255.
 *
 * They move by whole pixels and stay inside the field. The centre of mass comes as near as possible to pixel side / 2, counted from 0,
 * where it is in every image of MNIST.
 */
function placeCentred(pixels: Float64Array, columns: number, rows: number, side: number): Uint8Array {
  const [mass, max] = [sum(pixels), pixels.reduce((max, value) => Math.max(max, value))];
  let [x, y] = [0, 0]; // sums of coordinates, weighted by mass
  for (const [i, value] of pixels.entries()) {
    x += value * (i % columns);
    y += value * Math.floor(i / columns);
  }
  const offset = (weighted: number, length: number) =>
    Math.max(0, Math.min(side - length, Math.round(side / 2 - weighted / mass)));
  const [left, top] = [offset(x, columns), offset(y, rows)];
  const field = new Uint8Array(side * side);
  for (const [i, value] of pixels.entries()) {
    field[(top + Math.floor(i / columns)) * side + left + (i % columns)] = Math.round((255 * value) / max);
  }
  return field;
}
