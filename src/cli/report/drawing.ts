import type { ChalkInstance } from "chalk";
import { shrink } from "../../data/digit.js";
import type { Picture } from "../../data/pictures.js";

/** From black to white, for terminals and files without colour. */
const SHADES = " ░▒▓█";

/** The first of the greys among a terminal's 256 colours, and how many there are: from black to white. */
const [FIRST_GREY, GREYS] = [232, 24];

/** A pixel of each luminance as a share of white. */
const LIGHTNESS = Float64Array.from({ length: 256 }, (_, luminance) => luminance / 255);

/**
 * Draws what a network sees in half blocks, two pixels a character, one above the other; without colours in characters that are as
 * dense as the two pixels are light. Scaled down where it is wider than the terminal.
 *
 * @param width  of the terminal, in columns
 */
export function drawing({ rows, columns, x }: Picture, width: number, chalk: ChalkInstance): string[] {
  const image = { width: columns, height: rows, luminance: Uint8Array.from(x, (value) => Math.round(255 * value)) };
  const shownColumns = Math.min(columns, width);
  const shownRows = Math.ceil((rows * shownColumns) / columns);
  const box = { left: 0, top: 0, width: columns, height: rows };
  const pixels = shrink(image, box, shownColumns, shownRows, LIGHTNESS);
  const lines: string[] = [];
  for (let upper = 0; upper < pixels.length; upper += 2 * shownColumns) {
    const characters = Array.from({ length: shownColumns }, (_, column) =>
      character(pixels[upper + column], pixels[upper + column + shownColumns] ?? 0, chalk),
    );
    lines.push(characters.join(""));
  }
  return lines;
}

function character(upper: number, lower: number, chalk: ChalkInstance): string {
  if (chalk.level === 0) return SHADES[nearest((upper + lower) / 2, SHADES.length)];
  const [above, below] = [upper, lower].map((share) => FIRST_GREY + nearest(share, GREYS));
  return chalk.ansi256(above).bgAnsi256(below)("▀");
}

/** Which of n steps from 0 to 1 is nearest. */
function nearest(share: number, n: number): number {
  return Math.round(share * (n - 1));
}
