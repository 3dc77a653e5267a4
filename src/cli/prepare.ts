/** Fills in the flags that --resume, --preset and --init-from stand for. */
import type { Command } from "commander";
import { ConfigurationError } from "../errors.js";
import type { Checkpoint } from "../model/checkpoint.js";
import type { Model } from "../model/model.js";
import { SCHEDULE_SETTINGS } from "../training/schedule.js";
import { type FlagName, spellingOf, type TrainFlags } from "./flags.js";
import { presetOf } from "./presets.js";

/** Flags on the command line win over those of a preset. A flag that contradicts a model or checkpoint is refused. */
export async function prepare(command: Command): Promise<{ resumed?: Checkpoint; model?: Model }> {
  const { preset, resume, initFrom } = command.opts<TrainFlags>();
  if (resume !== undefined) {
    const { applyCheckpoint } = await import("./resume.js");
    return { resumed: await applyCheckpoint(command, resume) };
  }
  applyPreset(command, presetOf(preset)?.flags ?? {});
  return initFrom === undefined ? {} : { model: await applyModel(command, initFrom) };
}

/** The settings that belong to a schedule, to a kind of distortions, and to a learning rate. */
const BELONGING = { schedule: Object.keys(SCHEDULE_SETTINGS), augment: ["augmentStrength"], eta: ["etaMin"] };

/**
 * Puts the flags of a preset in the place of the defaults. If the command line has another schedule, kind of distortions or learning rate, what
 * belongs to that of the preset is left out.
 */
function applyPreset(command: Command, flags: Partial<TrainFlags>): void {
  const replaced = (["schedule", "augment", "eta"] as const).filter((name) => {
    return command.getOptionValueSource(name) === "cli" && command.getOptionValue(name) !== flags[name];
  });
  const left = replaced.flatMap((name) => BELONGING[name]);
  for (const [name, value] of Object.entries(flags)) if (!left.includes(name)) setUnlessGiven(command, name, value);
}

function setUnlessGiven(command: Command, name: string, value: unknown): void {
  const source = command.getOptionValueSource(name);
  if (source === undefined || source === "default") command.setOptionValueWithSource(name, value, "file");
}

/** Puts what a model file says of its network in the place of the defaults. */
async function applyModel(command: Command, path: string): Promise<Model> {
  const { readModel } = await import("../model/model.js");
  const model = await readModel(path);
  const { sizes, activation, output } = model.network;
  for (const [name, value] of Object.entries({ layers: [...sizes], activation, output })) {
    setUnlessGiven(command, name, value);
    const given = command.getOptionValue(name);
    if (`${given}` === `${value}`) continue;
    const remedy = `leave ${spellingOf(name as FlagName)} out`;
    throw new ConfigurationError({ thing: path, expected: `${name} ${given}`, found: `${name} ${value}`, remedy });
  }
  setUnlessGiven(command, "cost", model.cost);
  if (command.getOptionValueSource("init") === "cli") {
    const found = `--init ${command.getOptionValue("init")}`;
    const remedy = "leave --init out";
    throw new ConfigurationError({ thing: path, expected: "weights that start from it", found, remedy });
  }
  return model;
}
