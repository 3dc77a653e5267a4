/** The kinds of distortions of the training images, and their settings. */
import { namesOf, numbers, setting, type ValuesOf } from "../ranges.js";

/** A kind of distortion: what may happen to an image. */
export interface Augmentation {
  /** Moves the image by one pixel to the left, right, up or down, or leaves it in its place. */
  shifts?: boolean;
  /** Rotates, scales, shears and moves the image a little. */
  affine?: boolean;
  /** Pulls each pixel in a direction of its own, almost that of its neighbours. */
  elastic?: boolean;
}

/** The kinds, by the name that `--augment` gives them. */
export const AUGMENTATIONS = {
  none: {},
  shifts: { shifts: true },
  affine: { affine: true },
  elastic: { affine: true, elastic: true },
} satisfies Record<string, Augmentation>;

export type AugmentationName = keyof typeof AUGMENTATIONS;

export const AUGMENTATION_SETTINGS = {
  /** The distortions of the training images, which each epoch draws anew. */
  augment: setting("none", namesOf(AUGMENTATIONS)),
  /** affine, elastic: a factor of the largest angle, scaling and shear, and of alpha, the strength of elastic distortions. */
  augmentStrength: setting(
    1,
    numbers("a number from 0 to 10", (x) => x >= 0 && x <= 10),
  ),
};

export type AugmentationSettings = ValuesOf<typeof AUGMENTATION_SETTINGS>;
