/** The images of a data set in memory. */
import { checkInstance } from "../errors.js";

/**
 * n greyscale images of rows x columns pixels, 0..255. Only the pixels that are not 0, the ink, are stored: four of five pixels of
 * MNIST are 0.
 *
 * Image i is the bytes `starts[i]` to `starts[i + 1]` of `ink`. They are pairs of a gap and a value, one pair per ink pixel in the order
 * of the rows. The gap is the distance from the pixel of the previous pair, or from pixel 0 for the first pair. A distance of more than
 * 255 is made of several pairs, in which the value of all but the last is 0.
 */
export class Images {
  /**
   * @param starts  length n + 1, indices into ink
   * @param ink     (gap, value) pairs; not copied
   */
  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly starts: Uint32Array,
    readonly ink: Uint8Array,
  ) {}

  /**
   * @param pixels  length n * rows * columns, 0..255, image after image; copied
   * @throws RangeError if the last image is incomplete, or an image has no pixels
   * @throws ConfigurationError if `pixels` is not a Uint8Array
   */
  static fromPixels(pixels: Uint8Array, rows: number, columns: number): Images {
    checkInstance("pixels", pixels, Uint8Array);
    const builder = new ImagesBuilder(rows, columns);
    builder.append(pixels);
    return builder.build();
  }

  get length(): number {
    return this.starts.length - 1;
  }

  /** Overwrites x, of length rows * columns, with the pixels of image i, scaled to 0..1. */
  readPixels(i: number, x: Float64Array): void {
    const { ink } = this;
    const end = this.starts[i + 1];
    x.fill(0);
    let pixel = 0;
    for (let p = this.starts[i]; p < end; p += 2) {
      pixel += ink[p];
      x[pixel] = ink[p + 1] / 255;
    }
  }

  /** Overwrites `pixels`, of length rows * columns, with the pixels of image i, 0..255. */
  readBytes(i: number, pixels: Uint8Array): void {
    const { ink } = this;
    const end = this.starts[i + 1];
    pixels.fill(0);
    let pixel = 0;
    for (let p = this.starts[i]; p < end; p += 2) {
      pixel += ink[p];
      pixels[pixel] = ink[p + 1];
    }
  }

  /** The pixels of image i, scaled to 0..1, length rows * columns. @throws RangeError if there is no such image */
  pixels(i: number): Float64Array {
    if (!(Number.isInteger(i) && i >= 0 && i < this.length))
      throw new RangeError(`image: expected 0 to ${this.length - 1}, found ${i}`);
    const x = new Float64Array(this.rows * this.columns);
    this.readPixels(i, x);
    return x;
  }

  /** The images from `from` up to, not including, `to`: a view. */
  slice(from: number, to: number): Images {
    return new Images(this.rows, this.columns, this.starts.subarray(from, to + 1), this.ink);
  }
}

/** Makes `Images` from a stream of pixels, so that the plain pixels of the stream need not be in memory together. */
export class ImagesBuilder {
  /** The arrays of `Images`, with room for more. */
  #starts: Uint32Array;
  #ink: Uint8Array;
  /** The number of complete images. */
  #images = 0;
  /** The number of pixels of the next image that were seen. */
  #pixel = 0;
  /** The number of bytes of ink. */
  #bytes = 0;
  /** The distance from the pixel of the last pair of this image, or from its pixel 0, to the next pixel of the stream. */
  #gap = 0;

  /**
   * @param expectedBytes  an estimate of the number of bytes of ink; more are taken if needed
   * @throws RangeError if an image has no pixels
   */
  constructor(
    private readonly rows: number,
    private readonly columns: number,
    expectedImages = 1024,
    expectedBytes = 65536,
  ) {
    if (![rows, columns].every((n) => Number.isInteger(n) && n >= 1)) {
      throw new RangeError(`image: expected one row and column or more, found ${rows}x${columns}`);
    }
    this.#starts = new Uint32Array(expectedImages + 1);
    this.#ink = new Uint8Array(expectedBytes);
  }

  /** @param pixels  the next pixels of the stream; an image may begin or end anywhere in them */
  append(pixels: Uint8Array): void {
    const size = this.rows * this.columns;
    const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.length);
    for (let from = 0; from < pixels.length; ) {
      const to = Math.min(pixels.length, from + size - this.#pixel);
      this.#encode(pixels, view, from, to);
      this.#pixel += to - from;
      from = to;
      if (this.#pixel < size) return;
      this.#images++;
      this.#pixel = 0;
      this.#gap = 0;
      this.#starts = withRoom(this.#starts, this.#images + 1);
      this.#starts[this.#images] = this.#bytes;
    }
  }

  /** @throws RangeError if the last image is incomplete */
  build(): Images {
    const { rows, columns } = this;
    if (this.#pixel !== 0) {
      throw new RangeError(`pixels: expected whole images of ${rows}x${columns}, found part of one at the end`);
    }
    return new Images(rows, columns, this.#starts.subarray(0, this.#images + 1), this.#ink.subarray(0, this.#bytes));
  }

  /**
   * Stores the ink of pixels[from] to pixels[to - 1], which belong to one image and follow its first #pixel pixels.
   *
   * Four blank pixels are skipped at once. Among four others it is hard to predict which are ink, and a processor loses time with every branch
   * that it predicts wrongly. So a pair is written for every pixel, and the next pair overwrites it if the pixel was blank. On MNIST this takes
   * four fifths of the time that a branch for every pixel takes.
   *
   * @param view  the same bytes as `pixels`
   */
  #encode(pixels: Uint8Array, view: DataView, from: number, to: number): void {
    const mostBytes = 2 * (to - from) + 2 * Math.ceil((this.rows * this.columns) / 255);
    this.#ink = withRoom(this.#ink, this.#bytes + mostBytes);
    const ink = this.#ink;
    let [bytes, gap] = [this.#bytes, this.#gap];
    for (let i = from; i < to; ) {
      const areFourLeft = i + 4 <= to;
      if (areFourLeft && view.getInt32(i) === 0) {
        i += 4;
        gap += 4;
        continue;
      }
      for (; gap > 255 && pixels[i] !== 0; gap -= 255) {
        ink[bytes++] = 255;
        ink[bytes++] = 0;
      }
      const end = areFourLeft && gap <= 252 ? i + 4 : i + 1; // the gaps of all four must be at most 255
      for (; i < end; i++) {
        const value = pixels[i];
        const mask = (value - 1) >> 31; // -1, which has all bits set, if the pixel is blank; 0 if it is ink
        ink[bytes] = gap;
        ink[bytes + 1] = value;
        bytes += 2 + 2 * mask;
        gap = (gap & mask) + 1;
      }
    }
    this.#bytes = bytes;
    this.#gap = gap;
  }
}

/** The array itself if it has room for `length` elements, otherwise a longer copy. */
function withRoom<A extends Uint8Array | Uint32Array>(array: A, length: number): A {
  if (length <= array.length) return array;
  const longer = new (array.constructor as new (length: number) => A)(Math.max(length, Math.ceil(1.5 * array.length)));
  longer.set(array);
  return longer;
}
