/** `--resume`: a resumed run has the flags of its checkpoint. */
import type { Command, Option } from "commander";
import { ConfigurationError } from "../errors.js";
import { type Checkpoint, readCheckpoint } from "../model/checkpoint.js";
import { damaged, excerpt } from "../model/damaged.js";
import { SCHEDULES, type Schedule, type ScheduleName } from "../training/schedule.js";
import { KEPT_FLAGS } from "./flag-values.js";
import { spellingOf, type TrainFlags } from "./flags.js";

/** Puts the flags of a checkpoint in the place of the defaults. Refuses flags that would make it another run. */
export async function applyCheckpoint(command: Command, path: string): Promise<Checkpoint> {
  const checkpoint = await readCheckpoint(path);
  const { options: flags } = checkpoint.metadata;
  checkFlags(command, path, flags);
  for (const name of KEPT_FLAGS) {
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
    else throw conflict(path, `${spellingOf(name)} ${kept ?? "not given"}`, `${given}`);
  }
  const { runs } = command.opts<TrainFlags>();
  if (runs > 1) throw conflict(path, "one run", `--runs ${runs}`);
  return checkpoint;
}

/** --min-accuracy may be given later, if all epochs so far have a validation accuracy. */
function checkMinAccuracy(path: string, { validation }: TrainFlags, { state }: Checkpoint): void {
  if (validation === 0 || state.finished.every(({ monitored }) => monitored.validation)) return;
  throw conflict(path, "no --min-accuracy and no validation figures from its first epochs", "one");
}

/** @throws DataError if the flags in the file could not have been given */
function checkFlags(command: Command, path: string, flags: Checkpoint["metadata"]["options"]): void {
  for (const name of KEPT_FLAGS) {
    const option = command.options.find((option) => option.attributeName() === name);
    if (!option || couldBe(option, flags[name])) continue;
    throw damaged(path, `a value of ${spellingOf(name).replace("--no-", "--")}`, excerpt(flags[name]));
  }
}

/** Whether the flag can have that value: as text, it is read as the same value. */
function couldBe(option: Option, value: unknown): boolean {
  if (option.negate) return typeof value === "boolean";
  if (value === undefined) return option.defaultValue === undefined;
  try {
    const text = `${value}`;
    return JSON.stringify(option.parseArg?.(text, undefined) ?? text) === JSON.stringify(value);
  } catch {
    return false;
  }
}

/** A run may continue for more epochs than were planned, unless its first epochs would have been trained otherwise. */
function checkEpochs(path: string, given: number, { metadata: { options: flags } }: Checkpoint): void {
  const planned = flags.epochs as number;
  if (given < planned) throw conflict(path, `--epochs ${planned} or more`, `${given}`);
  const { isByMiniBatch }: Schedule = SCHEDULES[flags.schedule as ScheduleName];
  if (!isByMiniBatch) return;
  throw conflict(path, `--epochs ${planned}, for which the ${flags.schedule} schedule was laid out`, `${given}`);
}

function conflict(path: string, expected: string, found: string): ConfigurationError {
  const run = `the run of this checkpoint, with ${expected}`;
  const remedy = "leave the flag out, or begin another run";
  return new ConfigurationError({ thing: path, expected: run, found, remedy });
}
