import type { Command } from "commander";
import { ConfigurationError } from "../errors.js";
import type { Checkpoint } from "../model/checkpoint.js";
import type { Model } from "../model/model.js";
import type { TrainFlags } from "./flags.js";

/** What a run starts from, unless from random weights. */
export interface Beginning {
  resumed?: Checkpoint;
  model?: Model;
}

/** Fills in the flags that others stand for: those of --resume, of --init-from and of --preset. What was given wins, or is refused. */
export async function prepare(command: Command): Promise<Beginning> {
  const { preset, resume, initFrom } = command.opts<TrainFlags>();
  if (resume !== undefined) {
    const { applyCheckpoint } = await import("./resume.js");
    return { resumed: await applyCheckpoint(command, resume) };
  }
  if (preset !== undefined) {
    const { presetOf } = await import("./presets.js");
    for (const [name, value] of Object.entries(presetOf(preset).flags)) setUnlessGiven(command, name, value, "preset");
  }
  return initFrom === undefined ? {} : { model: await applyModel(command, initFrom) };
}

function setUnlessGiven(command: Command, name: string, value: unknown, source: string): void {
  const current = command.getOptionValueSource(name);
  if (current === undefined || current === "default") command.setOptionValueWithSource(name, value, source);
}

/**
 * Puts what a model file says of its network in the place of the defaults.
 *
 * @throws DataError if it is no model file
 * @throws ConfigurationError if another network was asked for
 */
async function applyModel(command: Command, path: string): Promise<Model> {
  const { readModel } = await import("../model/model.js");
  const model = await readModel(path);
  const { sizes, activation, output } = model.network;
  for (const [name, value] of Object.entries({ layers: [...sizes], activation, output })) {
    setUnlessGiven(command, name, value, "model");
    const given = command.getOptionValue(name);
    if (`${given}` === `${value}`) continue;
    const remedy = `leave --${name} out`;
    throw new ConfigurationError({ thing: path, expected: `${name} ${given}`, found: `${name} ${value}`, remedy });
  }
  setUnlessGiven(command, "cost", model.cost, "model");
  if (command.getOptionValueSource("init") === "cli") {
    const found = `--init ${command.getOptionValue("init")}`;
    throw new ConfigurationError({
      thing: path,
      expected: "weights that start from it",
      found,
      remedy: "leave --init out",
    });
  }
  return model;
}
