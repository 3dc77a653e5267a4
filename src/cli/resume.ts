import type { Command } from "commander";
import { ConfigurationError } from "../errors.js";
import { type Checkpoint, readCheckpoint } from "../model/checkpoint.js";
import { damaged } from "../model/damaged.js";
import type { TrainFlags } from "./flags.js";

/** The flags that decide how a run goes: a resumed run has those of its checkpoint. */
const DECISIVE = [
  ...(["preset", "layers", "activation", "output", "init", "initFrom", "epochs", "batchSize", "eta", "cost"] as const),
  ...(["schedule", "scheduleEpochs", "scheduleFactor", "etaMin", "seed", "shuffle", "lambda", "l1"] as const),
  ...(["momentum", "dropout", "maxNorm", "monitor", "patience", "targetAccuracy", "minAccuracy"] as const),
  ...(["validation", "trainSize", "engine"] as const),
] satisfies (keyof TrainFlags)[];

/** The decisive flags, as a checkpoint keeps them. */
export function decisiveFlags(flags: TrainFlags): Record<string, unknown> {
  return Object.fromEntries(DECISIVE.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]));
}

/**
 * Puts the flags of the checkpoint that `--resume` names in the place of the defaults.
 *
 * @throws DataError if the file is no checkpoint
 * @throws ConfigurationError if a flag that was given would make it another run
 */
export async function applyCheckpoint(command: Command, path: string): Promise<Checkpoint> {
  const checkpoint = await readCheckpoint(path);
  for (const name of DECISIVE) {
    const kept = keptFlag(command, path, name, checkpoint.flags[name]);
    if (command.getOptionValueSource(name) !== "cli") {
      command.setOptionValueWithSource(name, kept, "checkpoint");
      continue;
    }
    const given = command.getOptionValue(name);
    if (JSON.stringify(given) === JSON.stringify(kept)) continue;
    if (name === "epochs") checkEpochs(path, given, checkpoint);
    else if (name === "minAccuracy") checkMinAccuracy(path, command.opts(), checkpoint);
    else if (name === "shuffle") throw conflict(path, "the training images shuffled", "--no-shuffle");
    else throw conflict(path, `--${kebab(name)} ${shown(kept)}`, shown(given));
  }
  const { epochs, runs, layers } = command.opts<TrainFlags>();
  const { finished } = checkpoint.state;
  if (`${layers}` !== `${checkpoint.sizes}`)
    throw damaged(path, `a network of layers ${layers}`, `${checkpoint.sizes}`);
  if (runs > 1) throw conflict(path, "one run", `--runs ${runs}`);
  if (finished.length > epochs) throw conflict(path, `--epochs ${finished.length} or more`, `${epochs}`);
  return checkpoint;
}

/** A flag of the checkpoint, distrusted as if it had been typed. */
function keptFlag(command: Command, path: string, name: string, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (name === "shuffle") return value !== false;
  try {
    const option = command.options.find((option) => option.attributeName() === name);
    return option?.parseArg ? option.parseArg(`${value}`, undefined) : `${value}`;
  } catch (cause) {
    throw damaged(path, `a --${kebab(name)}`, `${value}`, cause);
  }
}

/** A bound for the honest accuracy may be set later, if all epochs have one. */
function checkMinAccuracy(path: string, { validation }: TrainFlags, { state }: Checkpoint): void {
  if (validation === 0 || state.finished.every(({ monitored }) => monitored.validation)) return;
  throw conflict(path, "no --min-accuracy and no validation figures from its first epochs", "one");
}

/** A run may go on for longer than was planned, unless what is done already would have been done otherwise. */
function checkEpochs(path: string, given: number, { flags }: Checkpoint): void {
  const planned = flags.epochs as number;
  if (given < planned) throw conflict(path, `--epochs ${planned} or more`, `${given}`);
  if (flags.schedule === "cosine") {
    throw conflict(path, `--epochs ${planned}, for which the cosine schedule was laid out`, `${given}`);
  }
}

function conflict(path: string, expected: string, found: string): ConfigurationError {
  const remedy = "leave the flag out, or begin another run";
  return new ConfigurationError({ thing: path, expected: `the run that it keeps, with ${expected}`, found, remedy });
}

function shown(value: unknown): string {
  return value === undefined ? "not given" : `${value}`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
