import { ConfigurationError, DataError } from "../errors.js";
import type { GreyImage } from "./png.js";

/** What MNIST's images were scaled to fit, as a share of their field: 20 of 28 pixels. */
const BOX = 20 / 28;

/** How much the ink must differ from its background at least, of 255. */
const LEAST_CONTRAST = 16;

/** The share of ink that noise may leave outside a digit; a single pixel of MNIST, however faint, is more. */
const SPECKS = 1e-5;

/**
 * The side of the square images that a network with `inputs` input neurons takes.
 *
 * @throws ConfigurationError if `inputs` is no square
 */
export function fieldSide(inputs: number): number {
  const side = Math.sqrt(inputs);
  if (Number.isInteger(side)) return side;
  throw new ConfigurationError({
    thing: "the network",
    expected: "a square number of input neurons, such as 784, for images that are scaled to fit",
    found: `${inputs}`,
    remedy: "give an IDX file of images of that many pixels",
  });
}

/**
 * Brings an image of one digit to a network's input as MNIST was made (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning
 * applied to document recognition", 1998, section III.A): scaled to fit a box of 20 x 20, keeping its proportions, and placed so
 * that its centre of mass is at the centre of a field of 28 x 28; other fields in proportion.
 *
 * The border tells whether the ink is dark or light. An image of the field's size on pure black is one of MNIST's kind, and is
 * taken as it is.
 *
 * @param name  what errors call it
 * @returns light ink on black, 0..255, length side * side, row by row
 * @throws DataError if the image is blank
 */
export function toField(name: string, image: GreyImage, side: number): Uint8Array {
  const { background, ink } = inkByLuminance(name, image);
  if (image.width === side && image.height === side && background === 0) return image.luminance;
  const box = boundingBox(image, ink);
  const scale = (BOX * side) / Math.max(box.width, box.height);
  const columns = Math.max(1, Math.round(scale * box.width));
  const rows = Math.max(1, Math.round(scale * box.height));
  return centred(shrink(image, box, columns, rows, ink), columns, rows, side);
}

/** How much ink a pixel of each luminance holds, length 256, from 0; and the luminance of the background. */
function inkByLuminance(name: string, image: GreyImage) {
  const all = histogram(image.luminance);
  const edge = histogram(border(image));
  const [darkest, lightest] = [all.findIndex((n) => n > 0), all.findLastIndex((n) => n > 0)];
  const middle = (darkest + lightest) / 2;
  const isLight = sum(edge.slice(Math.ceil(middle))) >= sum(edge.slice(0, Math.ceil(middle)));
  // Ink may run over the border: only what is on the background's side of the middle counts as such.
  const ground = edge.map((n, luminance) => (luminance >= middle === isLight ? n : 0));
  const background = quantile(ground, 0.5);
  const away = (luminance: number) => (isLight ? background - luminance : luminance - background);
  const most = away(isLight ? darkest : lightest);
  if (most < LEAST_CONTRAST) {
    const found = "a blank one";
    throw new DataError({ thing: name, expected: "an image of a digit, darker or lighter than what it is on", found });
  }
  // The paper's shades and noise: 95 % of its pixels are within `shade`, and three times that is beyond nearly all.
  const shade = away(quantile(ground, isLight ? 0.05 : 0.95));
  const threshold = Math.min(3 * shade, most / 2);
  return { background, ink: Float64Array.from(all, (_, luminance) => Math.max(0, away(luminance) - threshold)) };
}

/** How many pixels have each luminance, length 256. */
function histogram(luminance: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const value of luminance) counts[value]++;
  return counts;
}

/** The luminance of the outermost pixels. */
function border({ width, height, luminance }: GreyImage): Uint8Array {
  return luminance.filter((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x === 0 || x === width - 1 || y === 0 || y === height - 1;
  });
}

/** The luminance that this share of the pixels does not exceed. */
function quantile(histogram: Uint32Array, share: number): number {
  let left = share * sum(histogram);
  return histogram.findIndex((n) => {
    left -= n;
    return n > 0 && left <= 0;
  });
}

function sum(counts: Uint32Array): number {
  return counts.reduce((sum, n) => sum + n, 0);
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The smallest box that holds the ink. */
function boundingBox({ width, height, luminance }: GreyImage, ink: Float64Array): Box {
  const columns = new Float64Array(width);
  const rows = new Float64Array(height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = ink[luminance[y * width + x]];
      columns[x] += value;
      rows[y] += value;
    }
  }
  const [left, right] = extent(columns);
  const [top, bottom] = extent(rows);
  return { left, top, width: right - left, height: bottom - top };
}

/** Where the ink of rows or columns begins and ends, as [from, to). What is left out at either end is at most `SPECKS` of it. */
function extent(ink: Float64Array): [from: number, to: number] {
  const most = SPECKS * ink.reduce((sum, value) => sum + value, 0);
  let [from, to] = [0, ink.length];
  for (let left = ink[from]; left <= most; left += ink[from]) from++;
  for (let left = ink[to - 1]; left <= most; left += ink[to - 1]) to--;
  return [from, to];
}

/**
 * A box of the image in columns x rows pixels, each the mean of the area that it covers.
 *
 * @param ink  what each luminance counts, length 256
 */
export function shrink(image: GreyImage, box: Box, columns: number, rows: number, ink: Float64Array): Float64Array {
  const means = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const [from, to] = [box.top + (row * box.height) / rows, box.top + ((row + 1) * box.height) / rows];
    for (let column = 0; column < columns; column++) {
      const [left, right] = [(column * box.width) / columns, ((column + 1) * box.width) / columns];
      means[row * columns + column] = mean(image, box.left + left, box.left + right, from, to, ink);
    }
  }
  return means;
}

/** The mean ink of a rectangle whose sides may cut through pixels. */
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
 * Puts columns x rows pixels into a field of side x side, by whole pixels, their centre of mass nearest to pixel side / 2 (as it is
 * in every image of MNIST, counted from 0) but nothing outside; and stretches them to 0..255.
 */
function centred(pixels: Float64Array, columns: number, rows: number, side: number): Uint8Array {
  let [mass, most, x, y] = [0, 0, 0, 0];
  for (const [i, value] of pixels.entries()) {
    mass += value;
    most = Math.max(most, value);
    x += value * (i % columns);
    y += value * Math.floor(i / columns);
  }
  const offset = (centre: number, length: number) =>
    Math.max(0, Math.min(side - length, Math.round(side / 2 - centre / mass)));
  const [left, top] = [offset(x, columns), offset(y, rows)];
  const field = new Uint8Array(side * side);
  for (const [i, value] of pixels.entries()) {
    field[(top + Math.floor(i / columns)) * side + left + (i % columns)] = Math.round((255 * value) / most);
  }
  return field;
}
