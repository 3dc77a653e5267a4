import { type PresetsFlags, typed } from "./flags.js";
import { PRESETS, type Preset } from "./presets.js";
import { percent } from "./report/human.js";
import { colors } from "./report/style.js";

/** `bp-train presets`. */
export function listPresets({ json, color }: PresetsFlags): void {
  const presets = Object.entries(PRESETS);
  const { bold, dim } = colors(process.stdout, color);
  const lines = presets.map(([name, { about, flags, figure }]) => {
    if (json) return JSON.stringify({ event: "preset", name, about, flags, figure: figure ?? null });
    const accuracy = figure ? `${percent(figure.accuracy)} (${figure.on}, ${figure.at} epoch, ${figure.source})` : "";
    return `${bold(name)}  ${about}\n    ${commandLine(flags)}\n    ${dim(accuracy || "no figure")}`;
  });
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The flags of a preset, as they would be typed. */
function commandLine(flags: Preset["flags"]): string {
  const words = Object.entries(flags).map(([name, value]) => {
    return value === true ? typed(name) : `${typed(name)} ${value}`;
  });
  return ["bp-train", ...words].join(" ");
}
