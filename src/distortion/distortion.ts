/**
 * Random distortions of images: shifts, as in the book's `expand_mnist.py` (Nielsen, chapters 3 and 6), and the affine and elastic distortions
 * of P. Simard, D. Steinkraus and J. Platt, "Best Practices for Convolutional Neural Networks Applied to Visual Document Analysis" (2003),
 * section 2.
 */
import type { Images } from "../data/images.js";
import { ConfigurationError } from "../errors.js";
import { cos, sin } from "../network/elementary.js";
import { randomBits, uniform } from "../network/random-bits.js";
import { SEED } from "../network/seed.js";
import { checkRange, checkSettings, wholeNumber } from "../ranges.js";
import {
  AUGMENTATION_SETTINGS,
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
  type AugmentationSettings,
} from "./augmentation.js";
import { DisplacementFields } from "./displacement-fields.js";
import { MAP_LENGTH, ONE, type SourceMap, warp } from "./warp.js";

/** The largest number of rows or columns of an image: with more, places would not fit into 32 bits. */
const LARGEST_SIDE = 2048;

/** The side of an MNIST image. The distances below are those of such an image; for others they grow with the longer side. */
const MNIST_SIDE = 28;

/** The largest rotation in degrees, the largest change of the scale, the largest shear, and the largest move in pixels of MNIST. */
const AFFINE = { degrees: 10, scale: 0.1, shear: 0.1, move: 1 };

/** Simard's alpha, the strength of the displacements, and sigma, their smoothness, in pixels of MNIST. */
const ELASTIC = { alpha: 30, sigma: 5 };

/** Affine and elastic distortions spread the ink. Pixels below this become 0, so that an image has as many ink pixels as before. */
const FAINTEST_INK = 32;

/** The moves t of `shifts`, see `Draw`. */
const SHIFTS = [
  { x: 0, y: 0 },
  { x: -1, y: 0 },
  { x: 1, y: 0 },
  { x: 0, y: -1 },
  { x: 0, y: 1 },
];

/** The purposes of the random numbers of an image. */
const [ROTATION, SCALE_X, SCALE_Y, SHEAR, MOVE_X, MOVE_Y, FIELD_PLACES, SHIFT] = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * What was drawn for an image. Pixel x of the distorted image comes from place c + M (x - c) + t of the original image, where c is the centre,
 * M = [[cos theta, -sin theta], [sin theta, cos theta]] [[1, shear], [0, 1]] [[scaleX, 0], [0, scaleY]], and t = (moveX, moveY).
 */
export interface Draw {
  /** In radians. */
  theta: number;
  scaleX: number;
  scaleY: number;
  shear: number;
  /** In pixels. */
  moveX: number;
  moveY: number;
  /** The elements of the displacement fields for x and y from which the image reads on; not used without fields. */
  fieldX: number;
  fieldY: number;
}

/**
 * The distortions of one epoch. What an image gets depends on the seed, the epoch and the number of the image alone, so images may be distorted
 * in any order and on any thread.
 *
 * Only integers, and operations of float64 that IEEE 754 rounds in one way, are used. So every machine makes the same bytes.
 */
export class Distortion {
  /** For elastic distortions. */
  readonly fields: DisplacementFields | null;
  /** The faintest ink that is kept, 1..255. */
  readonly faintest: number;
  readonly #kind: Augmentation;
  readonly #strength: number;
  /** The number of pixels that stand for one pixel of MNIST. */
  readonly #unit: number;
  readonly #map: SourceMap = new Int32Array(MAP_LENGTH);

  /**
   * @param epoch  counting from 1
   * @throws ConfigurationError if a value is not in its range, or an image has too many rows or columns
   */
  constructor(
    { augment, augmentStrength }: AugmentationSettings,
    private readonly seed: number,
    private readonly epoch: number,
    readonly rows: number,
    readonly columns: number,
  ) {
    checkSettings(AUGMENTATION_SETTINGS, { augment, augmentStrength });
    checkRange("seed", seed, SEED.range);
    for (const [name, value] of Object.entries({ epoch, rows, columns })) checkRange(name, value, wholeNumber(1));
    checkSides(augment, rows, columns);
    this.#kind = AUGMENTATIONS[augment];
    this.#strength = augmentStrength;
    this.#unit = Math.max(rows, columns) / MNIST_SIDE;
    this.faintest = faintestInk(augment);
    const { alpha, sigma } = ELASTIC;
    this.fields = this.#kind.elastic
      ? new DisplacementFields(seed, epoch, alpha * augmentStrength * this.#unit, sigma * this.#unit)
      : null;
  }

  /** Draws the distortion of image `image`. Each number is uniformly distributed. */
  draw(image: number): Draw {
    const strength = this.#strength;
    const unit = this.#unit;
    const random = (purpose: number) => uniform(this.seed, this.epoch, image, purpose);
    if (!this.#kind.affine) {
      const shift = this.#kind.shifts ? Math.floor(((random(SHIFT) + 1) / 2) * SHIFTS.length) : 0;
      const { x, y } = SHIFTS[shift];
      return { theta: 0, scaleX: 1, scaleY: 1, shear: 0, moveX: x, moveY: y, fieldX: 0, fieldY: 0 };
    }
    const places = randomBits(this.seed, this.epoch, image, FIELD_PLACES);
    return {
      theta: ((Math.PI * AFFINE.degrees) / 180) * strength * random(ROTATION),
      scaleX: 1 + AFFINE.scale * strength * random(SCALE_X),
      scaleY: 1 + AFFINE.scale * strength * random(SCALE_Y),
      shear: AFFINE.shear * strength * random(SHEAR),
      moveX: AFFINE.move * unit * random(MOVE_X),
      moveY: AFFINE.move * unit * random(MOVE_Y),
      fieldX: places & 0xffff,
      fieldY: places >>> 16,
    };
  }

  /** Writes the `SourceMap` of image `image` to `maps`, from element `at` on. It says where the pixels of the distorted image come from. */
  writeMap(image: number, maps: Int32Array, at = 0): void {
    const { theta, scaleX, scaleY, shear, moveX, moveY, fieldX, fieldY } = this.draw(image);
    const cosine = cos(theta);
    const sine = sin(theta);
    const centreX = (this.columns - 1) / 2;
    const centreY = (this.rows - 1) / 2;
    const a = Math.round(ONE * cosine * scaleX);
    const b = Math.round(ONE * (cosine * shear - sine) * scaleY);
    const d = Math.round(ONE * sine * scaleX);
    const e = Math.round(ONE * (sine * shear + cosine) * scaleY);
    maps[at] = a;
    maps[at + 1] = b;
    maps[at + 2] = Math.round(ONE * (centreX + moveX) - a * centreX - b * centreY);
    maps[at + 3] = d;
    maps[at + 4] = e;
    maps[at + 5] = Math.round(ONE * (centreY + moveY) - d * centreX - e * centreY);
    maps[at + 6] = fieldX;
    maps[at + 7] = fieldY;
  }

  /**
   * Overwrites `out` with the distorted image.
   *
   * @param image   the image's number among the training images, from 0
   * @param pixels  the image, (rows, columns) row-major, 0..255
   * @param out     of the same shape
   * @throws RangeError if `pixels` or `out` has the wrong length
   */
  distort(image: number, pixels: Uint8Array, out: Uint8Array): void {
    const size = this.rows * this.columns;
    for (const { length } of [pixels, out]) {
      if (length !== size) throw new RangeError(`image: expected ${size} pixels, found ${length}`);
    }
    this.writeMap(image, this.#map);
    warp(pixels, this.#map, this, out);
  }

  /** The length in pixels of the largest elastic displacement of a pixel of image `image`; null if the distortions are not elastic. */
  largestDisplacement(image: number): number | null {
    const { fieldX, fieldY } = this.draw(image);
    return this.fields?.largest(fieldX, fieldY, this.rows, this.columns) ?? null;
  }
}

/** Gives the textbook engine the distorted images one at a time. */
export class DistortedImages {
  readonly #pixels: Uint8Array;
  readonly #distorted: Uint8Array;

  constructor(
    private readonly images: Images,
    private readonly distortion: Distortion,
  ) {
    this.#pixels = new Uint8Array(images.rows * images.columns);
    this.#distorted = new Uint8Array(images.rows * images.columns);
  }

  /** Overwrites x, of length rows * columns, with the pixels of the distorted image i, scaled to 0..1. */
  readPixels(i: number, x: Float64Array): void {
    this.images.readBytes(i, this.#pixels);
    this.distortion.distort(i, this.#pixels, this.#distorted);
    for (let pixel = 0; pixel < x.length; pixel++) x[pixel] = this.#distorted[pixel] / 255;
  }
}

/** The faintest ink that distorted images keep, 1..255. */
export function faintestInk(augment: AugmentationName): number {
  const { affine }: Augmentation = AUGMENTATIONS[augment];
  return affine ? FAINTEST_INK : 1;
}

/** @throws ConfigurationError if the images have too many rows or columns to be distorted */
export function checkSides(augment: AugmentationName, rows: number, columns: number): void {
  if (augment === "none" || Math.max(rows, columns) <= LARGEST_SIDE) return;
  const expected = `images of at most ${LARGEST_SIDE} rows and ${LARGEST_SIDE} columns`;
  throw new ConfigurationError({ thing: `augment ${augment}`, expected, found: `images of ${rows}x${columns}` });
}
