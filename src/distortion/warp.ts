/** Makes a distorted image: each of its pixels is fetched from a place in the original image. */
import { type DisplacementFields, FRACTION, FRACTION_BITS, fieldIndex } from "./displacement-fields.js";

/** The numbers of a source map have 18 binary digits after the point. */
const MAP_BITS = 18;
export const ONE = 1 << MAP_BITS;

/** Half of the unit of places, in the unit of a source map: added before the last digits are cut off, it rounds. */
const HALF = 1 << (MAP_BITS - FRACTION_BITS - 1);

/**
 * Where the pixels of a distorted image come from, as eight integers a, b, c, d, e, f, p, q. The pixel in column x and row y comes from
 * column a x + b y + c and row d x + e y + f of the original image, in units of 2^-18 pixels. With displacement fields, the displacements are added:
 * the image reads them from element p of the field for columns on, and from element q of the field for rows on.
 */
export type SourceMap = Int32Array;
export const MAP_LENGTH = 8;

export interface WarpOptions {
  rows: number;
  columns: number;
  fields: DisplacementFields | null;
  /** Pixels below this become 0. */
  faintest: number;
}

/**
 * Overwrites `out` with the distorted image. All places and values are integers; engines/fast/assembly/warp.ts computes the same for four pixels
 * at a time.
 *
 * @param pixels  the original image, (rows, columns) row-major, 0..255
 * @param out     the distorted image, of the same shape
 */
export function warp(pixels: Uint8Array, map: SourceMap, options: WarpOptions, out: Uint8Array): void {
  const { rows, columns, fields, faintest } = options;
  const [a, b, c, d, e, f, p, q] = map;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let column = (a * x + b * y + c + HALF) >> (MAP_BITS - FRACTION_BITS);
      let row = (d * x + e * y + f + HALF) >> (MAP_BITS - FRACTION_BITS);
      if (fields) {
        column += fields.x[fieldIndex(p, x, y)];
        row += fields.y[fieldIndex(q, x, y)];
      }
      const value = interpolate(pixels, rows, columns, row, column);
      out[y * columns + x] = value < faintest ? 0 : value;
    }
  }
}

/** Bilinear interpolation between the four pixels around a place; outside the image, all is 0. */
function interpolate(pixels: Uint8Array, rows: number, columns: number, row: number, column: number): number {
  const [y, x] = [row >> FRACTION_BITS, column >> FRACTION_BITS];
  const [down, right] = [row & (FRACTION - 1), column & (FRACTION - 1)];
  const pixel = (y: number, x: number) => (y < 0 || y >= rows || x < 0 || x >= columns ? 0 : pixels[y * columns + x]);
  const upper = pixel(y, x) * (FRACTION - right) + pixel(y, x + 1) * right;
  const lower = pixel(y + 1, x) * (FRACTION - right) + pixel(y + 1, x + 1) * right;
  return (upper * (FRACTION - down) + lower * down + FRACTION * (FRACTION / 2)) >> (2 * FRACTION_BITS);
}
