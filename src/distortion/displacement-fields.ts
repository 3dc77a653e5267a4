/** The displacement fields of elastic distortions (Simard, Steinkraus and Platt, 2003, section 2). */
import { exp } from "../network/elementary.js";
import { uniform } from "../network/random-bits.js";

/** The number of rows and columns after which a field begins again. */
export const PERIOD = 256;

/** Displacements, and places in an image, are counted in units of 1/2048 of a pixel: they have 11 binary digits after the point. */
export const FRACTION_BITS = 11;
export const FRACTION = 1 << FRACTION_BITS;

/** For `uniform`, the two fields have the numbers from this one on, in the place of the number of an image. No image has such a large number. */
const FIRST = 2 ** 31;

/**
 * One displacement field for each direction, which all images of an epoch share: each image reads it from a random place on.
 *
 * Every point of a field first gets a random number, uniform from -1 to 1. The field is then convolved with a Gaussian of standard deviation
 * sigma, so that neighbours get almost the same displacement, and multiplied by alpha. Simard makes new fields for each image instead.
 */
export class DisplacementFields {
  /** How far to the right, and how far down, a pixel is fetched: (PERIOD, PERIOD) row-major, 1 / FRACTION of a pixel. */
  readonly x: Int32Array;
  readonly y: Int32Array;

  /**
   * @param epoch  counting from 1
   * @param alpha  in pixels
   * @param sigma  in pixels
   */
  constructor(seed: number, epoch: number, alpha: number, sigma: number) {
    const kernel = gaussianKernel(sigma);
    const field = (direction: number) => {
      const noise = uniformNoise(seed, epoch, direction);
      const smooth = convolveAndTranspose(convolveAndTranspose(noise, kernel), kernel);
      const displacements = new Int32Array(smooth.length);
      for (let i = 0; i < smooth.length; i++) displacements[i] = Math.round(FRACTION * alpha * smooth[i]);
      return displacements;
    };
    [this.x, this.y] = [field(0), field(1)];
  }

  /** The length in pixels of the largest displacement in an image that reads the fields from elements `startX` and `startY` on. */
  largest(startX: number, startY: number, rows: number, columns: number): number {
    let largest = 0;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const [right, down] = [this.x[fieldIndex(startX, x, y)], this.y[fieldIndex(startY, x, y)]];
        largest = Math.max(largest, right * right + down * down);
      }
    }
    return Math.sqrt(largest) / FRACTION;
  }
}

/** The element of a field for column x and row y of an image that reads the field from element `start` on. */
export function fieldIndex(start: number, x: number, y: number): number {
  const row = ((start >> 8) + y) & (PERIOD - 1);
  return row * PERIOD + (((start & (PERIOD - 1)) + x) & (PERIOD - 1));
}

/** Random numbers, uniform from -1 to below 1, (PERIOD, PERIOD). `direction` is 0 for x and 1 for y. */
function uniformNoise(seed: number, epoch: number, direction: number): Float64Array {
  const noise = new Float64Array(PERIOD * PERIOD);
  for (let i = 0; i < noise.length; i++) noise[i] = uniform(seed, epoch, FIRST + direction, i);
  return noise;
}

/** Half of the kernel, from its middle on; the other half is its mirror image. It is cut at 3 sigma, and all of it sums to 1. */
function gaussianKernel(sigma: number): Float64Array {
  const half = Float64Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, i) => exp((-i * i) / (2 * sigma * sigma)));
  const sum = half.reduce((sum, value) => sum + value) * 2 - half[0];
  return half.map((value) => value / sum);
}

/**
 * Convolves each row of a field with the kernel, and makes rows of the columns. Called twice, it convolves in both directions, because a
 * Gaussian of two dimensions is the product of two Gaussians.
 *
 * @param field   (PERIOD, PERIOD) row-major; its rows begin again after their end
 * @param kernel  from `gaussianKernel`
 */
function convolveAndTranspose(field: Float64Array, kernel: Float64Array): Float64Array {
  const radius = kernel.length - 1;
  const result = new Float64Array(field.length);
  const row = new Float64Array(PERIOD + 2 * radius);
  for (let y = 0; y < PERIOD; y++) {
    for (let i = 0; i < row.length; i++) row[i] = field[y * PERIOD + ((i - radius) & (PERIOD - 1))];
    for (let x = 0; x < PERIOD; x++) {
      let sum = kernel[0] * row[x + radius];
      for (let i = 1; i <= radius; i++) sum += kernel[i] * (row[x + radius - i] + row[x + radius + i]);
      result[x * PERIOD + y] = sum;
    }
  }
  return result;
}
