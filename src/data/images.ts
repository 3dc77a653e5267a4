import { checkInstance } from "../errors.js";
import { SparseVector } from "./sparse-vector.js";

/**
 * n greyscale images of rows x columns pixels, 0..255, kept as sparse rows: four of five pixels of MNIST are 0, and only the
 * others, the ink, are stored.
 *
 * An ink pixel takes two bytes of `ink`: how far it lies behind the image's previous entry (the first: behind pixel 0), and its
 * value. A gap of more than 255 is bridged by entries of value 0. Image i is the bytes `starts[i]` to `starts[i + 1]`. Pixels are
 * counted row by row.
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
   * Images from plain pixels, length n * rows * columns, 0..255, image after image; copied.
   *
   * @throws RangeError if they are not whole images, of a pixel at least
   * @throws ConfigurationError if they are no bytes
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

  /** Overwrites x with the pixels of image i, scaled to 0..1. x has room for rows * columns entries. */
  read(i: number, x: SparseVector): void {
    const { ink } = this;
    const end = this.starts[i + 1];
    let pixel = 0;
    let count = 0;
    for (let p = this.starts[i]; p < end; p += 2) {
      pixel += ink[p];
      if (ink[p + 1] === 0) continue;
      x.indices[count] = pixel;
      x.values[count++] = ink[p + 1] / 255;
    }
    x.count = count;
  }

  /**
   * The pixels of image i, scaled to 0..1, length rows * columns.
   *
   * @throws RangeError if there is no such image
   */
  pixels(i: number): Float64Array {
    if (!(Number.isInteger(i) && i >= 0 && i < this.length))
      throw new RangeError(`image: expected 0 to ${this.length - 1}, found ${i}`);
    const x = new SparseVector(this.rows * this.columns);
    this.read(i, x);
    return x.toDense();
  }

  /** The images from `from` up to, not including, `to`: a view. */
  slice(from: number, to: number): Images {
    return new Images(this.rows, this.columns, this.starts.subarray(from, to + 1), this.ink);
  }
}

/** Turns a stream of pixels into `Images`, so that the plain pixels never lie in memory whole. */
export class ImagesBuilder {
  readonly #rows: number;
  readonly #columns: number;
  #starts: Uint32Array;
  #ink: Uint8Array;
  /** Complete images so far, and pixels so far of the one that follows. */
  #images = 0;
  #pixel = 0;
  /** Bytes of ink so far, and the pixel of its last entry. */
  #bytes = 0;
  #last = 0;

  /**
   * @param expectedBytes  about how much ink will come; it grows where that is wrong
   * @throws RangeError if an image would have no pixel
   */
  constructor(rows: number, columns: number, expectedImages = 1024, expectedBytes = 65536) {
    if (![rows, columns].every((n) => Number.isInteger(n) && n >= 1)) {
      throw new RangeError(`image: expected one row and column or more, found ${rows}x${columns}`);
    }
    this.#rows = rows;
    this.#columns = columns;
    this.#starts = new Uint32Array(expectedImages + 1);
    this.#ink = new Uint8Array(expectedBytes);
  }

  /** @param pixels  the next pixels of the stream; image borders may lie anywhere in them */
  append(pixels: Uint8Array): void {
    const size = this.#rows * this.#columns;
    const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.length);
    for (let from = 0; from < pixels.length; ) {
      const to = Math.min(pixels.length, from + size - this.#pixel);
      this.#encode(pixels, view, from, to);
      this.#pixel += to - from;
      from = to;
      if (this.#pixel === size) this.#endImage();
    }
  }

  /** @throws RangeError if the stream ended within an image */
  build(): Images {
    if (this.#pixel !== 0) {
      throw new RangeError(
        `pixels: expected whole images of ${this.#rows}x${this.#columns}, found part of one at the end`,
      );
    }
    return new Images(
      this.#rows,
      this.#columns,
      this.#starts.subarray(0, this.#images + 1),
      this.#ink.subarray(0, this.#bytes),
    );
  }

  /** Stores the ink among pixels[from..to), all of one image, at #pixel and after. `view` shows the same bytes. */
  #encode(pixels: Uint8Array, view: DataView, from: number, to: number): void {
    this.#reserve(2 * (to - from) + 2 * Math.ceil((this.#columns * this.#rows) / 255));
    const ink = this.#ink;
    const offset = this.#pixel - from;
    let [bytes, last] = [this.#bytes, this.#last];
    for (let i = from; i < to; i++) {
      const value = pixels[i];
      if (value === 0) {
        while (i + 4 < to && view.getInt32(i + 1) === 0) i += 4; // by fours: a third faster on MNIST
        continue;
      }
      for (; i + offset - last > 255; last += 255) {
        ink[bytes++] = 255;
        ink[bytes++] = 0;
      }
      ink[bytes++] = i + offset - last;
      ink[bytes++] = value;
      last = i + offset;
    }
    this.#bytes = bytes;
    this.#last = last;
  }

  #endImage(): void {
    this.#images++;
    this.#pixel = 0;
    this.#last = 0;
    if (this.#images === this.#starts.length) {
      const grown = new Uint32Array(2 * this.#starts.length);
      grown.set(this.#starts);
      this.#starts = grown;
    }
    this.#starts[this.#images] = this.#bytes;
  }

  /** Makes room for `bytes` more of ink. */
  #reserve(bytes: number): void {
    if (this.#bytes + bytes <= this.#ink.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes + bytes, Math.ceil(1.5 * this.#ink.length)));
    grown.set(this.#ink.subarray(0, this.#bytes));
    this.#ink = grown;
  }
}
