/** Draws pictures side by side in a terminal, each with its captions below it. */
import type { ChalkInstance } from "chalk";
import { type Drawable, drawing } from "./drawing.js";

/** A picture with its captions: the first one is its title. */
export interface Exhibit {
  picture: Drawable;
  captions: string[];
}

/** The number of characters between two pictures. */
const GAP = 2;

/** The number of characters that a picture and its captions need: four of them fit beside each other on 80 columns. */
const NARROW = 18;

/** The number of pictures per row for which pictures are scaled down, if fewer of them would fit otherwise. */
const FEW = 4;

/**
 * Draws pictures of one size in rows. Where fewer than four of them fit beside each other, they are scaled down, but not below 18 characters.
 *
 * @param width  of the terminal, in characters
 * @param style  the colours of the captions and of the pictures
 */
export function gallery(
  exhibits: readonly Exhibit[],
  width: number,
  style: { text: ChalkInstance; picture: ChalkInstance },
): string[] {
  const { perRow, cell } = arrange(exhibits[0].picture.columns, width);
  const rows = Array.from({ length: Math.ceil(exhibits.length / perRow) }, (_, row) =>
    exhibits.slice(row * perRow, (row + 1) * perRow),
  );
  return rows.flatMap((row, i) => [...(i > 0 ? [""] : []), ...rowOf(row, cell, style)]);
}

/** The number of pictures per row, and the characters for each of them. */
function arrange(columns: number, width: number): { perRow: number; cell: number } {
  const fitting = (cell: number) => Math.floor((width + GAP) / (cell + GAP));
  const full = Math.max(columns, NARROW);
  const perRow = Math.max(1, fitting(full), Math.min(FEW, fitting(NARROW)));
  return { perRow, cell: Math.min(full, Math.floor((width + GAP) / perRow) - GAP) };
}

function rowOf(row: readonly Exhibit[], cell: number, { text, picture }: Parameters<typeof gallery>[2]): string[] {
  const between = " ".repeat(GAP);
  const drawings = row.map((exhibit) => drawing(exhibit.picture, cell, picture));
  const rest = " ".repeat(Math.max(0, cell - row[0].picture.columns));
  const lines = drawings[0].map((_, line) => drawings.map((drawn) => `${drawn[line]}${rest}`).join(between));
  const height = Math.max(...row.map(({ captions }) => captions.length));
  const captions = Array.from({ length: height }, (_, line) => {
    const cells = row.map((exhibit) => (exhibit.captions[line] ?? "").slice(0, cell).padEnd(cell));
    return (line === 0 ? text.bold : text.dim)(cells.join(between).trimEnd());
  });
  return [...lines, ...captions];
}
