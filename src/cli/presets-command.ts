/** `bp-train presets`: lists the experiments that --preset repeats. */
import { type FlagName, type FlagsOf, spellingOf } from "./flags.js";
import { PRESETS, type Preset } from "./presets.js";
import { percent } from "./report/human.js";
import { colors } from "./report/style.js";

export function presetsCommand(_: string[], { json, color }: FlagsOf<"presets">): void {
  const presets = Object.entries(PRESETS);
  const { bold, dim } = colors(process.stdout, color);
  const lines = presets.map(([name, { about, flags, figure }]) => {
    if (json) return JSON.stringify({ event: "preset", name, about, flags, figure: figure ?? null });
    const accuracy = figure ? `${percent(figure.accuracy)} (${figure.on}, ${figure.at} epoch, ${figure.source})` : "";
    return `${bold(name)}  ${about}\n    ${commandLine(flags)}\n    ${dim(accuracy || "no figure")}`;
  });
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The command line that stands for a preset. */
function commandLine(flags: Preset["flags"]): string {
  const words = Object.entries(flags).map(([name, value]) => `${spellingOf(name as FlagName)} ${value}`);
  return ["bp-train", ...words].join(" ");
}
