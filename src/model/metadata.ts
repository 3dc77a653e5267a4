import { damaged, excerpt } from "./damaged.js";
import { isObject, parseJson } from "./json.js";

/** What is known of a model beside its parameters; all of it plain JSON, typed arrays counting as lists. */
export interface ModelMetadata {
  /** Of the bp-train that trained it. */
  version?: string;
  /** Every option of the run, by name. */
  options?: Record<string, unknown>;
  seed?: number;
  /** The epochs that the parameters have been trained for. */
  epoch?: number;
  /** The epochs of the run, in order; on disk the last 10,000. */
  history?: readonly HistoryEntry[];
  /** Of the data set. */
  datasetSha256?: string;
  /** The largest label of the data set + 1. */
  classes?: number;
}

/** How an epoch ended. There may be more in it. */
export interface HistoryEntry {
  /** Counts from 1. */
  readonly epoch: number;
  /** On the test images, 0..1. */
  readonly accuracy: number;
}

/** More would make a header that readers refuse. */
const MAX_HISTORY = 10_000;

const isCount = (value: unknown, min: number) => Number.isSafeInteger(value) && (value as number) >= min;

/** What each value must be. */
const FIELDS: { [Key in keyof Required<ModelMetadata>]: { expected: string; fits: (value: unknown) => boolean } } = {
  version: { expected: "text", fits: (value) => typeof value === "string" },
  options: { expected: "an object", fits: isObject },
  seed: { expected: "a whole number below 2^32", fits: (value) => isCount(value, 0) && (value as number) < 2 ** 32 },
  epoch: { expected: "a whole number", fits: (value) => isCount(value, 0) },
  history: { expected: "epochs with their accuracy", fits: isHistory },
  datasetSha256: {
    expected: "64 hexadecimal digits",
    fits: (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
  },
  classes: { expected: "a whole number from 1", fits: (value) => isCount(value, 1) },
};
const KEYS = Object.keys(FIELDS) as (keyof ModelMetadata)[];

/** These are text as they are, and need not be wrapped in JSON. */
const PLAIN: ReadonlySet<string> = new Set<keyof ModelMetadata>(["version", "datasetSha256"]);

/** The metadata as strings by flat keys, as a safetensors header takes them: text as it is, other values as JSON. */
export function metadataToStrings(metadata: ModelMetadata): Record<string, string> {
  const kept = { ...metadata, history: metadata.history?.slice(-MAX_HISTORY) };
  return Object.fromEntries(
    KEYS.filter((key) => kept[key] !== undefined).map((key) => [
      key,
      PLAIN.has(key) ? `${kept[key]}` : JSON.stringify(kept[key], typedArraysAsLists),
    ]),
  );
}

/**
 * Reads what `metadataToStrings` made; keys that it does not make are another program's and left out.
 *
 * @throws DataError if a value is not what it should be
 */
export function metadataFromStrings(path: string, strings: ReadonlyMap<string, string>): ModelMetadata {
  const metadata: Record<string, unknown> = {};
  for (const key of KEYS) {
    const text = strings.get(key);
    if (text === undefined) continue;
    const value = PLAIN.has(key) ? text : parseJson(path, text);
    const { expected, fits } = FIELDS[key];
    if (!fits(value)) throw damaged(path, `${expected} for ${key}`, excerpt(value));
    metadata[key] = value;
  }
  return metadata;
}

function typedArraysAsLists(_key: string, value: unknown): unknown {
  return value instanceof Uint32Array || value instanceof Float64Array ? [...value] : value;
}

function isHistory(value: unknown): boolean {
  const isShare = (accuracy: unknown) => typeof accuracy === "number" && accuracy >= 0 && accuracy <= 1;
  return Array.isArray(value) && value.every((e) => isObject(e) && isCount(e.epoch, 1) && isShare(e.accuracy));
}
