/** Tells the kernel how to distort images: writes the maps and the displacement fields to its memory. */
import { PERIOD } from "../../distortion/displacement-fields.js";
import type { Distortion } from "../../distortion/distortion.js";
import { MAP_LENGTH } from "../../distortion/warp.js";
import type { Layout } from "./layout.js";
import type { KernelMemory } from "./memory.js";

type Place = NonNullable<Layout["distorted"]>;

export class Distorter {
  /** The distortion whose fields are in the kernel's memory. */
  #current: Distortion | undefined;

  /** The addresses of the records of the distorted examples and of how they are distorted. */
  readonly images: number;
  readonly record: number;
  /** The largest number of examples that are distorted at once: whole mini-batches. */
  readonly most: number;

  constructor(
    private readonly memory: KernelMemory,
    private readonly place: Place,
  ) {
    [this.images, this.record] = [place.images.at, place.distortion.at];
    this.most = place.images.fields.length;
  }

  /** Prepares the distortion of the training images that `examples` names, at most `most`. */
  prepare(distortion: Distortion, examples: Uint32Array): void {
    if (distortion !== this.#current) this.#begin(distortion);
    const { maps } = this.place.distortion.fields;
    const words = new Int32Array(this.memory.memory.buffer, maps, MAP_LENGTH * examples.length);
    for (let i = 0; i < examples.length; i++) distortion.writeMap(examples[i], words, MAP_LENGTH * i);
  }

  /** Writes what all images of an epoch share. */
  #begin(distortion: Distortion): void {
    const { fieldX, fieldY } = this.place.distortion.fields;
    if (distortion.fields) {
      this.#writeField(distortion.fields.x, fieldX);
      this.#writeField(distortion.fields.y, fieldY);
    }
    this.#current = distortion;
  }

  /** Writes each row of a field, and after its end its first columns again, so that an image can be read from any column on. */
  #writeField(field: Int32Array, at: number): void {
    const { fieldStride } = this.place.distortion.fields;
    for (let y = 0; y < PERIOD; y++) {
      const row = field.subarray(y * PERIOD, (y + 1) * PERIOD);
      const target = new Int32Array(this.memory.memory.buffer, at + y * fieldStride, fieldStride / 4);
      for (let x = 0; x < target.length; x += PERIOD) target.set(row.subarray(0, target.length - x), x);
    }
  }
}
