/** `bp-train presets`: lists the experiments that --preset repeats. */
import type { FlagsOf } from "./flags.js";
import { type Figure, PRESETS } from "./presets.js";
import { percent } from "./report/human.js";
import { colors } from "./report/style.js";

export function presetsCommand(_: string[], { json, color }: FlagsOf<"presets">): void {
  const { bold, dim } = colors(process.stdout, color);
  const lines = Object.entries(PRESETS).map(([name, { about, commandLine, flags, figure }]) => {
    if (json) return JSON.stringify({ event: "preset", name, about, flags, figure: figure ?? null });
    return `${bold(name)}  ${about}\n    ${`bp-train ${commandLine}`.trim()}\n    ${dim(figureText(figure))}`;
  });
  process.stdout.write(`${lines.join("\n")}\n`);
}

function figureText(figure: Figure | undefined): string {
  if (!figure) return "the book gives no figure";
  const { accuracy, on, at, source, measured } = figure;
  if (!measured) return `${percent(accuracy)} of the ${on} images after the ${at} epoch (${source})`;
  const { worst, seeds, seconds } = measured;
  return `${percent(accuracy)} of ${on} images (mean of ${seeds} seeds, worst ${percent(worst)}), ${seconds} s on two cores`;
}
