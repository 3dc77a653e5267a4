import type { Command, Option } from "commander";
import { ConfigurationError } from "../errors.js";
import { type Checkpoint, readCheckpoint } from "../model/checkpoint.js";
import { damaged, excerpt } from "../model/damaged.js";
import { type TrainFlags, typed } from "./flags.js";

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
  const { options: flags } = checkpoint.metadata;
  checkFlags(command, path, flags);
  for (const name of DECISIVE) {
    const kept = flags[name];
    if (command.getOptionValueSource(name) !== "cli") {
      command.setOptionValueWithSource(name, kept, "checkpoint");
      continue;
    }
    const given = command.getOptionValue(name);
    if (JSON.stringify(given) === JSON.stringify(kept)) continue;
    if (name === "epochs") checkEpochs(path, given, checkpoint);
    else if (name === "minAccuracy") checkMinAccuracy(path, command.opts(), checkpoint);
    else if (name === "shuffle") throw conflict(path, "the training images shuffled", "--no-shuffle");
    else throw conflict(path, `${typed(name)} ${said(kept)}`, said(given));
  }
  const { runs } = command.opts<TrainFlags>();
  if (runs > 1) throw conflict(path, "one run", `--runs ${runs}`);
  return checkpoint;
}

/** A bound for the honest accuracy may be set later, if all epochs have one. */
function checkMinAccuracy(path: string, { validation }: TrainFlags, { state }: Checkpoint): void {
  if (validation === 0 || state.finished.every(({ monitored }) => monitored.validation)) return;
  throw conflict(path, "no --min-accuracy and no validation figures from its first epochs", "one");
}

/** @throws DataError if the flags in the file could not have been given */
function checkFlags(command: Command, path: string, flags: Checkpoint["metadata"]["options"]): void {
  for (const name of DECISIVE) {
    const option = command.options.find((option) => option.attributeName() === name);
    if (option && !couldBe(option, flags[name])) throw damaged(path, `a value of ${typed(name)}`, excerpt(flags[name]));
  }
}

function couldBe(option: Option, value: unknown): boolean {
  if (option.negate) return typeof value === "boolean";
  if (value === undefined) return option.defaultValue === undefined;
  try {
    const text = `${value}`;
    return JSON.stringify(option.parseArg ? option.parseArg(text, undefined) : text) === JSON.stringify(value);
  } catch {
    return false;
  }
}

/** A run may go on for longer than was planned, unless what is done already would have been done otherwise. */
function checkEpochs(path: string, given: number, { metadata: { options: flags } }: Checkpoint): void {
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

function said(value: unknown): string {
  return value === undefined ? "not given" : `${value}`;
}
