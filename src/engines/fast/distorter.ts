/** Tells the kernel how to distort images: writes the maps and the displacement fields to its memory. */
import { PERIOD } from "../../distortion/displacement-fields.js";
import type { Distortion } from "../../distortion/distortion.js";
import { MAP_LENGTH } from "../../distortion/warp.js";
import type { KernelMemory } from "./memory.js";
import type { Fields } from "./records.js";

export class Distorter {
  /** The addresses of the records of the distorted examples and of how they are distorted. */
  readonly records: [distorted: number, distortion: number];
  /** The largest number of examples that are distorted at once: whole mini-batches. */
  readonly most: number;
  readonly #fields: Fields<"distortion">;
  /** The distortion whose displacement fields are in the kernel's memory. */
  #current: Distortion | undefined;

  /** @throws Error if the memory was laid out without distortions */
  constructor(private readonly memory: KernelMemory) {
    const { distorted } = memory.layout;
    if (!distorted) throw new Error("the fast engine has no memory for distortions: its task did not ask for them");
    const { images, distortion } = distorted;
    this.records = [images.at, distortion.at];
    this.most = images.fields.length;
    this.#fields = distortion.fields;
    this.#writePlaces();
  }

  /** Prepares the distortion of the training images that `examples` names, at most `most`. */
  prepare(distortion: Distortion, examples: Uint32Array): void {
    const { fields } = distortion;
    if (fields && distortion !== this.#current) this.writeFields(fields.x, fields.y);
    this.#current = distortion;
    const maps = this.memory.integers(this.#fields.maps, MAP_LENGTH * examples.length);
    for (let i = 0; i < examples.length; i++) distortion.writeMap(examples[i], maps, MAP_LENGTH * i);
  }

  /**
   * Writes the rows of the displacement fields. After the end of a row its first columns follow again, so that an image can be read from any
   * column on.
   *
   * @param x  (PERIOD, PERIOD) row-major, as `y`
   */
  writeFields(x: Int32Array, y: Int32Array): void {
    const { fieldX, fieldY, fieldStride } = this.#fields;
    for (const [field, at] of [
      [x, fieldX],
      [y, fieldY],
    ] as const) {
      for (let row = 0; row < PERIOD; row++) {
        const source = field.subarray(row * PERIOD, (row + 1) * PERIOD);
        const target = this.memory.integers(at + row * fieldStride, fieldStride / 4);
        for (let from = 0; from < target.length; from += PERIOD) {
          target.set(source.subarray(0, target.length - from), from);
        }
      }
    }
  }

  /** Writes the place of each pixel on the canvas, on which an image has a border of one pixel, and the edges on which the pixel lies. */
  #writePlaces(): void {
    const { rows, columns, places, edges } = this.#fields;
    const [ofPlaces, ofEdges] = [
      this.memory.integers(places, rows * columns),
      this.memory.bytes(edges, rows * columns),
    ];
    for (let i = 0; i < ofPlaces.length; i++) {
      const [y, x] = [Math.floor(i / columns), i % columns];
      ofPlaces[i] = (y + 1) * (columns + 2) + x + 1;
      ofEdges[i] = +(x === 0) + 2 * +(x === columns - 1) + 4 * +(y === 0) + 8 * +(y === rows - 1);
    }
  }
}
