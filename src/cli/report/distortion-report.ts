/** What `bp-train augment` prints. */
import type { ChalkInstance } from "chalk";
import {
  AUGMENTATION_SETTINGS,
  type AugmentationName,
  type AugmentationSettings,
} from "../../distortion/augmentation.js";
import type { Draw } from "../../distortion/distortion.js";
import type { Drawable } from "./drawing.js";
import { gallery } from "./gallery.js";

/** A training image, and what one kind of distortion makes of it in the epochs from 1 on. */
export interface Distorted extends Pick<AugmentationSettings, "augmentStrength"> {
  kind: AugmentationName;
  seed: number;
  index: number;
  label: number;
  rows: number;
  columns: number;
  /** The image, (rows, columns) row-major, 0..255. */
  original: Uint8Array;
  epochs: {
    draw: Draw;
    /** The largest elastic displacement in pixels; null for the other kinds. */
    pull: number | null;
    /** The distorted image, (rows, columns) row-major, 0..255. */
    pixels: Uint8Array;
  }[];
}

/** One thing that a distortion does: its heading in the table, its text there, and its caption below a picture. */
type Effect = [heading: string, text: string, caption: string];

/** For people: one line per epoch. In a terminal that is too narrow for them, what a distortion does stands in lines of its own. */
export function distortionLines(distorted: Distorted, width: number, { bold, dim }: ChalkInstance): string[] {
  const effects = distorted.epochs.map(({ draw, pull }) => effectsOf(distorted.kind, draw, pull));
  const title = titleOf(distorted, width).map((line) => bold(line));
  const [head, ...rows] = table([
    ["", ...effects[0].map(([heading]) => heading)],
    ...effects.map((row, i) => [`epoch ${i + 1}`, ...row.map(([, text]) => text)]),
  ]);
  if ([head, ...rows].every(({ length }) => length <= width)) return [...title, dim(head), ...rows];
  const captions = effects.flatMap((row, i) => [`epoch ${i + 1}`, ...row.map(([, , caption]) => `  ${caption}`)]);
  return [...title, ...captions];
}

function table(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const padded = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])));
  return padded.map((row) => row.join("  ").trimEnd());
}

/** For people: the image and its distortions, drawn side by side. */
export function distortionPictures(
  distorted: Distorted,
  width: number,
  style: { text: ChalkInstance; picture: ChalkInstance },
): string[] {
  const picture = (pixels: Uint8Array): Drawable => {
    const { rows, columns } = distorted;
    return { rows, columns, x: Float64Array.from(pixels, (value) => value / 255) };
  };
  const exhibits = distorted.epochs.map(({ draw, pull, pixels }, i) => {
    const captions = effectsOf(distorted.kind, draw, pull).map(([, , caption]) => caption);
    return { picture: picture(pixels), captions: [`epoch ${i + 1}`, ...captions] };
  });
  const original = { picture: picture(distorted.original), captions: ["original"] };
  const title = titleOf(distorted, width).map((line) => style.text.bold(line));
  return [...title, ...gallery([original, ...exhibits], width, style)];
}

/** For programs: one JSON object per epoch, with the numbers of `Draw`. */
export function distortionJson({ kind, seed, augmentStrength, index, label, epochs }: Distorted): string[] {
  return epochs.map(({ draw, pull }, i) => {
    const { fieldX: _x, fieldY: _y, ...drawn } = draw;
    const about = { event: "distortion", image: "training", index, label, kind, seed, augmentStrength, epoch: i + 1 };
    return JSON.stringify({ ...about, ...drawn, largestDisplacement: pull });
  });
}

/** `training[0]  label 5  elastic, strength 2, seed 1`. In a terminal that is too narrow, the three parts stand in lines of their own. */
function titleOf({ kind, seed, augmentStrength, index, label }: Distorted, width: number): string[] {
  const usual = kind === "shifts" || augmentStrength === AUGMENTATION_SETTINGS.augmentStrength.default;
  const strength = usual ? "" : `, strength ${augmentStrength}`;
  const parts = [`training[${index}]`, `label ${label}`, `${kind}${strength}, seed ${seed}`];
  const line = parts.join("  ");
  return line.length <= width ? [line] : parts;
}

/**
 * What a distortion does to the image that one sees. The numbers of a draw lead from the distorted image back to the original one, so
 * everything is the other way round here: the image is moved by -t, turned against theta, sheared by -shear, and becomes 1 / scaleX as wide.
 */
function effectsOf(kind: AugmentationName, draw: Draw, pull: number | null): Effect[] {
  const { theta, scaleX, scaleY, shear, moveX, moveY } = draw;
  if (kind === "shifts") {
    const move = moveX === 0 && moveY === 0 ? "not moved" : `one pixel ${moveX ? sideOf(-moveX) : heightOf(-moveY)}`;
    return [["moved", move, move]];
  }
  const turn = `${Math.abs((180 * theta) / Math.PI).toFixed(1)}° ${sideOf(-theta)}`;
  const size = `${percentOf(1 / scaleX)} x ${percentOf(1 / scaleY)}`;
  const slant = signed(-shear);
  const move = `${pixels(moveX)} ${sideOf(-moveX)} ${pixels(moveY)} ${heightOf(-moveY)}`;
  const effects: Effect[] = [
    ["turned", turn, `turned ${turn}`],
    ["width x height", size, size],
    ["shear", slant, `shear ${slant}`],
    ["moved (pixels)", move, move],
  ];
  if (pull !== null) effects.push(["pulled", `up to ${pixels(pull)}`, `pulled up to ${pixels(pull)}`]);
  return effects;
}

const sideOf = (x: number) => (x < 0 ? "left" : "right");
const heightOf = (y: number) => (y < 0 ? "up" : "down");
const percentOf = (share: number) => `${Math.round(100 * share)} %`;
const signed = (x: number) => `${x < 0 ? "-" : "+"}${Math.abs(x).toFixed(2)}`;

/** A distance in pixels, of at most three characters in images of up to 27,000 pixels per side. */
function pixels(distance: number): string {
  const length = Math.abs(distance);
  return length.toFixed(length < 9.95 ? 1 : 0);
}
