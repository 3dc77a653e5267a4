/** What a file says about a network beside its parameters: strings by name, as the header of a safetensors file takes them. */
import * as v from "valibot";
import { ACTIVATIONS } from "../network/activation.js";
import { COSTS, type Cost } from "../network/cost.js";
import { OUTPUTS } from "../network/output.js";
import { SEED } from "../network/seed.js";
import { numbers } from "../ranges.js";
import type { EpochResult } from "../training/epochs.js";
import { damaged } from "./damaged.js";
import { checkValue, inRange, nameIn, objectOf, parseJson, text, wholeNumber } from "./json.js";

/** How an epoch ended. An entry may say more than this. */
type HistoryEntry = Readonly<Pick<EpochResult, "epoch" | "accuracy">>;
const historyEntry: v.GenericSchema<unknown, HistoryEntry> = v.looseObject(
  { epoch: wholeNumber(1), accuracy: inRange(numbers("a number from 0 to 1", (x) => x >= 0 && x <= 1)) },
  "an object",
);

/** What is known about a model beside its parameters. */
export const MODEL_METADATA = v.object({
  /** The version of bp-train that trained the model. */
  version: v.optional(text),
  /** Every option of the run, by name. */
  options: v.optional(objectOf(v.unknown())),
  seed: v.optional(inRange(SEED.range)),
  /** The number of epochs that the parameters were trained for. */
  epoch: v.optional(wholeNumber(0)),
  /** The epochs of the run, in order. A file keeps the latest ones, see `MAX_HISTORY`. */
  history: v.optional(v.pipe(v.array(historyEntry, "a list of epochs"), v.readonly())),
  datasetSha256: v.optional(v.pipe(text, v.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"))),
  /** The largest label of the data set + 1. */
  classes: v.optional(wholeNumber(1)),
});
export type ModelMetadata = v.InferOutput<typeof MODEL_METADATA>;

type Strings = ReadonlyMap<string, string>;
type ObjectSchema<T> = v.GenericSchema<unknown, T> & { entries: object };

const NEURONS_AND_COST = v.object({ activation: nameIn(ACTIVATIONS), output: nameIn(OUTPUTS), cost: nameIn(COSTS) });

/** The values of these names are text as they are; the values of all others are JSON. */
const TEXTS: ReadonlySet<string> = new Set(["activation", "output", "cost", "version", "datasetSha256"]);

/** The greatest length of the history in the header of a model, in bytes. */
const MAX_HISTORY = 8 << 20;

/** Makes strings of values. Leaves out those that are undefined, and shortens a long history. */
export function toStrings({ history, ...values }: Record<string, unknown> & ModelMetadata): Record<string, string> {
  const all = Object.entries({ ...values, history: history && latestEpochs(history) });
  const given = all.filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, TEXTS.has(name) ? `${value}` : toJson(value)]));
}

/** The latest epochs of a history, as many as take at most `MAX_HISTORY` bytes as JSON inside the JSON of a header. */
export function latestEpochs(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  let first = history.length;
  for (let bytes = 0; first > 0; first--) {
    bytes += Buffer.byteLength(JSON.stringify(toJson(history[first - 1])));
    if (bytes > MAX_HISTORY) break;
  }
  return history.slice(first);
}

/** Makes JSON with typed arrays as lists. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => (ArrayBuffer.isView(part) ? [...(part as Uint32Array)] : part));
}

/** Reads the values that a schema names; others belong to other programs. @throws DataError if one is not valid */
export function fromStrings<T>(path: string, schema: ObjectSchema<T>, strings: Strings): T {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(schema.entries)) {
    const string = strings.get(name);
    if (string !== undefined) values[name] = TEXTS.has(name) ? string : parseJson(path, string);
  }
  return checkValue(path, schema, values);
}

/**
 * Reads the kinds of neurons, and the cost. A file that names none of them is taken for one of sigmoid neurons and the quadratic cost.
 *
 * @throws DataError if only some are there, or the cost does not fit the output
 */
export function neuronsAndCost(path: string, strings: Strings): v.InferOutput<typeof NEURONS_AND_COST> {
  const isNamed = Object.keys(NEURONS_AND_COST.entries).some((name) => strings.has(name));
  if (!isNamed) return { activation: "sigmoid", output: "sigmoid", cost: "quadratic" };
  const names = fromStrings(path, NEURONS_AND_COST, strings);
  const { outputs }: Cost = COSTS[names.cost];
  if (outputs.includes(names.output)) return names;
  throw damaged(path, `output ${outputs.join(" or ")} for cost ${names.cost}`, names.output);
}
