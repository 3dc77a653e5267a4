import { ENGINES } from "../engines/engines.js";
import { ConfigurationError } from "../errors.js";
import { type RunOptions, sideBySide } from "../training/runs.js";
import type { ModelFlags, TrainFlags } from "./flags.js";
import { MAX_SEED } from "./parsers.js";
import type { RunSettings } from "./report/format.js";

/** The seeds of the runs. @throws ConfigurationError if there are not so many from the first one */
export function seedsOf({ seed, runs }: TrainFlags): number[] {
  if (seed + runs - 1 <= MAX_SEED) return Array.from({ length: runs }, (_, i) => seed + i);
  const expected = `seeds up to ${MAX_SEED}`;
  throw new ConfigurationError({ thing: `${runs} runs from seed ${seed}`, expected, found: `${seed + runs - 1}` });
}

/** The flags that are options of the library by the same name. */
const MODEL = [
  ...(["layers", "activation", "output", "batchSize", "eta", "cost", "lambda", "l1", "momentum", "dropout"] as const),
  "maxNorm",
] as const;
const TRAINING = [
  ...(["init", "epochs", "schedule", "scheduleEpochs", "scheduleFactor", "etaMin", "shuffle", "patience"] as const),
  ...(["targetAccuracy", "engine", "checkpointEvery"] as const),
] as const;

/** Which network, and how a mini-batch moves it. */
export function modelOf(flags: Pick<ModelFlags, (typeof MODEL)[number]>) {
  return pick(flags, MODEL);
}

/** What `bp-train` asks of the library. */
export function trainingOf(flags: TrainFlags): RunOptions & { atATime: number } {
  const needsValidation = flags.minAccuracy !== undefined && flags.validation > 0;
  return {
    ...modelOf(flags),
    ...pick(flags, TRAINING),
    monitor: [...(flags.monitor ?? []), ...(needsValidation ? (["validation"] as const) : [])],
    ...resolveThreads(flags, flags.runs),
  };
}

function pick<T, Key extends keyof T>(object: T, keys: readonly Key[]): Pick<T, Key> {
  return Object.fromEntries(keys.map((key) => [key, object[key]])) as Pick<T, Key>;
}

/** What a run says of itself before it starts. */
export function settingsOf(flags: TrainFlags, version: string): Omit<RunSettings, "resumedEpochs"> {
  const { atATime: _atATime, checkpointEvery: _checkpointEvery, ...training } = trainingOf(flags);
  const { preset = null, seed, runs, minAccuracy = null } = flags;
  const { scheduleEpochs = null, scheduleFactor = null, etaMin = null, maxNorm = null } = flags;
  const { patience = null, targetAccuracy = null } = flags;
  return {
    version,
    preset,
    ...(training as Required<typeof training>),
    seed,
    runs,
    scheduleEpochs,
    scheduleFactor,
    etaMin,
    maxNorm,
    patience,
    targetAccuracy,
    minAccuracy,
  };
}

/**
 * How many threads a run has, and how many runs go side by side.
 *
 * @throws ConfigurationError if the engine has no threads to set
 */
export function resolveThreads(
  { layers, batchSize, engine, threads }: Pick<ModelFlags, "layers" | "batchSize" | "engine" | "threads">,
  runs = 1,
): { threads: number; atATime: number } {
  if (threads !== "auto" && engine !== "fast" && threads !== 1) {
    const expected = `1 thread, all that the ${engine} engine has`;
    const remedy = "use the fast engine";
    throw new ConfigurationError({ thing: `threads ${threads}`, expected, found: `${threads}`, remedy });
  }
  if (runs > 1) return sideBySide(runs, engine, threads === "auto" ? undefined : threads);
  return { threads: threads === "auto" ? ENGINES[engine].threads(layers, batchSize) : threads, atATime: 1 };
}
