/** Draws images in a terminal. */
import type { ChalkInstance } from "chalk";
import { shrink } from "../../data/digit.js";
import type { Picture } from "../../data/pictures.js";

/** The size and the pixels of an image, scaled to 0..1. */
export type Drawable = Pick<Picture, "rows" | "columns" | "x">;

/** Characters from black to white, for terminals and files without colours. */
const SHADES = " ░▒▓█";

/** The greys among the 256 colours of a terminal, from black to white: the number of the first one, and their count. */
const [FIRST_GREY, GREYS] = [232, 24];

/** The lightness of each luminance, 0..1. */
const LIGHTNESS = Float64Array.from({ length: 256 }, (_, luminance) => luminance / 255);

/**
 * Draws what a network sees. A character shows two pixels, one above the other: in colours as a half block, without colours by a
 * character whose density is their mean. An image that is wider than the terminal, `width` in columns, is scaled down.
 */
export function drawing({ rows, columns, x }: Drawable, width: number, chalk: ChalkInstance): string[] {
  const image = { width: columns, height: rows, luminance: Uint8Array.from(x, (value) => Math.round(255 * value)) };
  const shownColumns = Math.min(columns, width);
  const shownRows = Math.ceil((rows * shownColumns) / columns);
  const box = { left: 0, top: 0, width: columns, height: rows };
  const pixels = shrink(image, box, shownColumns, shownRows, LIGHTNESS);
  return Array.from({ length: Math.ceil(shownRows / 2) }, (_, line) => {
    const upper = pixels.subarray(2 * line * shownColumns, (2 * line + 1) * shownColumns);
    const lower = pixels.subarray((2 * line + 1) * shownColumns);
    return Array.from(upper, (value, column) => character(value, lower[column] ?? 0, chalk)).join("");
  });
}

function character(upper: number, lower: number, chalk: ChalkInstance): string {
  if (chalk.level === 0) return SHADES[nearest((upper + lower) / 2, SHADES.length)];
  const [above, below] = [upper, lower].map((share) => FIRST_GREY + nearest(share, GREYS));
  return chalk.ansi256(above).bgAnsi256(below)("▀");
}

/** The nearest of n steps from 0 to 1, as a number from 0. */
function nearest(share: number, n: number): number {
  return Math.round(share * (n - 1));
}
