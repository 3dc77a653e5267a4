/** What derives from the values of flags: what the library is handed, what files keep, what a run says of itself. */
import type { Part } from "../data/parts.js";
import type { SimdWidth } from "../engines/engine.js";
import { simdFor, threadsFor } from "../engines/engines.js";
import { loadKernel } from "../engines/fast/simd.js";
import { ConfigurationError } from "../errors.js";
import { LARGEST_SEED, SEED } from "../network/seed.js";
import { TRAINING_SETTINGS } from "../training/options.js";
import { sideBySide } from "../training/runs.js";
import type { Flag } from "./flag.js";
import { FLAGS, flagsWith, SETTING_NAMES, type SettingValues, spellingOf, type TrainFlags } from "./flags.js";

export type RunSettings = ReturnType<typeof settingsOf>;

/** What a run is asked to do, after the epochs of the checkpoint that it resumes from; null where nothing is asked. */
export function settingsOf(flags: TrainFlags, version: string, resumedEpochs: number | null) {
  const values = Object.fromEntries(SETTING_NAMES.map((name) => [name, flags[name] ?? null])) as SettingValues;
  const simd = simdFor(flags.engine, flags.simd);
  return { ...values, version, monitor: monitorOf(flags), threads: threadsOf(flags).threads, simd, resumedEpochs };
}

/** The flags that are options of the library by the same name. */
export function libraryOptions<Flags extends object>(flags: Flags): Pick<Flags, keyof Flags & LibraryName> {
  const options = Object.entries(flags).filter(([name]) => Object.hasOwn(TRAINING_SETTINGS, name));
  return Object.fromEntries(options) as Pick<Flags, keyof Flags & LibraryName>;
}
type LibraryName = keyof typeof TRAINING_SETTINGS;

/** The given parts, and validation if it chooses the epoch that --min-accuracy looks at. */
export function monitorOf({ monitor = [], minAccuracy, validation }: TrainFlags): Part[] {
  return minAccuracy !== undefined && validation > 0 ? [...new Set([...monitor, "validation" as const])] : monitor;
}

/** The number of threads of a run, and the number of runs that go on side by side. */
export function threadsOf(flags: Pick<TrainFlags, "layers" | "engine" | "threads"> & { runs?: number }) {
  const { layers, engine, runs = 1 } = flags;
  const given = flags.threads === "auto" ? undefined : flags.threads;
  const threads = threadsFor(engine, layers, given); // refuses a number that the engine does not take
  return runs > 1 ? sideBySide(runs, engine, given) : { threads, atATime: 1 };
}

/**
 * The width in bits of the SIMD instructions that the engine uses; null for the textbook engine. With "auto" the 256-bit kernel is tested
 * first, and if it fails, `note` is called and the width is 128.
 */
export async function testedSimd(
  { engine, simd }: Pick<TrainFlags, "engine" | "simd">,
  note: (text: string) => void,
  load = loadKernel,
): Promise<SimdWidth | null> {
  const planned = simdFor(engine, simd);
  if (planned !== 256) return planned;
  const tested = (await load(simd)).simd;
  if (tested !== planned)
    note("Note: the self-test of 256-bit SIMD gave other bits than 128-bit SIMD, which is used instead");
  return tested;
}

/** The seeds of the runs. @throws ConfigurationError if there are not enough seeds from the first one */
export function seedsOf({ seed, runs }: Pick<TrainFlags, "seed" | "runs">): number[] {
  const last = seed + runs - 1;
  if (SEED.range.includes(last)) return Array.from({ length: runs }, (_, i) => seed + i);
  const expected = `seeds up to ${LARGEST_SEED}`;
  throw new ConfigurationError({ thing: `${runs} runs from seed ${seed}`, expected, found: `${last}` });
}

/** The flags that a resumed run must share, as checkpoints and models keep them; flags that were not given are left out. */
export function keptFlags(flags: TrainFlags): Record<string, unknown> {
  const given = KEPT_FLAGS.filter((name) => flags[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, flags[name]]));
}
export const KEPT_FLAGS = flagsWith(({ resume }) => resume === "same") as (keyof TrainFlags)[];

/** The settings as the first line of a run says them. */
export function settingsInWords(settings: RunSettings): string[] {
  const { seed, runs, resumedEpochs } = settings;
  const words = valuesInWords(settings);
  words.push(runs > 1 ? `seeds ${seed} to ${seed + runs - 1}` : `seed ${seed}`);
  if (resumedEpochs !== null) words.push(`resumed after ${resumedEpochs}`);
  return words;
}

/** The values that are not the default, and those that are always said, in the words of the table of flags. */
export function valuesInWords(values: Partial<Record<keyof SettingValues, unknown>>): string[] {
  return SETTING_NAMES.flatMap((name) => {
    const { say, isAlwaysSaid, default: usual } = FLAGS[name] as Flag;
    const value = values[name] ?? null;
    if (!say || value === null || (value === usual && !isAlwaysSaid)) return [];
    if (typeof say === "function") return say(value);
    return say === "value" ? `${value}` : `${spellingOf(name).slice(2)} ${value}`;
  });
}
