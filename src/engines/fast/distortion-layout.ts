/** Decides where everything lies that the kernel needs to distort the training images. */
import type { Images } from "../../data/images.js";
import { AUGMENTATIONS, type Augmentation, type AugmentationName } from "../../distortion/augmentation.js";
import { PERIOD } from "../../distortion/displacement-fields.js";
import { faintestInk } from "../../distortion/distortion.js";
import { MAP_LENGTH } from "../../distortion/warp.js";
import { roundUp } from "./shares.js";
import type { Space } from "./space.js";

/**
 * The largest number of examples that are distorted at once, and the largest memory in bytes for their rows. With half as many
 * examples, the threads need twice as many calls, and a run of fast-98 takes 5 % longer. A mini-batch is distorted at once even if it is larger.
 */
const AT_ONCE = { examples: 4096, bytes: 1 << 23 };

type Settings = { batchSize: number; augment?: AugmentationName };

export function isDistorted({ augment = "none" }: Pick<Settings, "augment">): boolean {
  return augment !== "none";
}

/** Places what a thread needs to distort an image. */
export function placeCanvas(rows: number, columns: number, space: Space) {
  // The kernel may read one row too many, and write up to 64 bytes too many.
  return { canvas: space.take((rows + 3) * (columns + 2)), warped: space.take(rows * columns + 64) };
}

/**
 * Places a part of the training examples, distorted, and what says how they are distorted.
 *
 * @param order  the address of the indices 0, 1, 2, ..., because examples are distorted in the order in which they are trained on
 */
export function placeDistorted(
  { rows, columns }: Images,
  { batchSize, augment = "none" }: Settings,
  order: number,
  space: Space,
) {
  const { shifts, elastic }: Augmentation = AUGMENTATIONS[augment];
  const pixels = rows * columns;
  // The longest row has a pair for each pixel, or pairs that bridge gaps. `shift` in assembly/warp.ts writes up to 14 bytes more.
  const rowBytes = 2 * (pixels + Math.floor(pixels / 255)) + 16;
  const length = examplesAtOnce(batchSize, rowBytes);
  const fieldStride = 4 * (PERIOD + roundUp(columns, 4));
  return {
    images: space.record("images", {
      rows: space.take(8 * length),
      pairs: space.take(length * rowBytes),
      labels: space.take(length),
      order,
      length,
    }),
    distortion: space.record("distortion", {
      rows,
      columns,
      rowBytes,
      isShift: Number(shifts === true),
      places: space.take(4 * pixels),
      edges: space.take(pixels),
      maps: space.take(4 * MAP_LENGTH * length),
      fieldX: elastic ? space.take(PERIOD * fieldStride) : 0,
      fieldY: elastic ? space.take(PERIOD * fieldStride) : 0,
      fieldStride,
      faintest: faintestInk(augment),
    }),
  };
}

/** The number of examples that are distorted at once: whole mini-batches. */
function examplesAtOnce(batchSize: number, rowBytes: number): number {
  const most = Math.min(AT_ONCE.examples, AT_ONCE.bytes / rowBytes);
  return batchSize * Math.max(1, Math.floor(most / batchSize));
}
