/** `bp-train presets`: lists the experiments that --preset repeats. */
import type { FlagsOf } from "./flags.js";
import { PRESETS } from "./presets.js";
import { percent } from "./report/human.js";
import { colors } from "./report/style.js";

export function presetsCommand(_: string[], { json, color }: FlagsOf<"presets">): void {
  const { bold, dim } = colors(process.stdout, color);
  const lines = Object.entries(PRESETS).map(([name, { about, commandLine, flags, figure }]) => {
    if (json) return JSON.stringify({ event: "preset", name, about, flags, figure: figure ?? null });
    const accuracy = figure
      ? `${percent(figure.accuracy)} (${figure.on}, ${figure.at} epoch, ${figure.source})`
      : "no figure";
    return `${bold(name)}  ${about}\n    ${`bp-train ${commandLine}`.trim()}\n    ${dim(accuracy)}`;
  });
  process.stdout.write(`${lines.join("\n")}\n`);
}
