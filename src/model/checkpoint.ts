/** Checkpoints: safetensors files that hold a run between two mini-batches. README.md describes their tensors and metadata. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { looksLike } from "../data/looks-like.js";
import { PARTS } from "../data/parts.js";
import { DataError } from "../errors.js";
import { readFileChecked, replaceFile } from "../files.js";
import { arraysOf, type Parameters } from "../network/network.js";
import { SEED } from "../network/seed.js";
import type { RunState } from "../training/state.js";
import { damaged } from "./damaged.js";
import { type HistoryLayout, historyForms, historyFrom, historyValues, monitoredParts } from "./history.js";
import { inRange, wholeNumber } from "./json.js";
import { fromStrings, MODEL_METADATA, toStrings } from "./metadata.js";
import { type Layers, layerForms, layersOf, type ModelShape, modelFrom, parametersFrom } from "./model-tensors.js";
import * as safetensors from "./safetensors.js";

/** The state of a run between two mini-batches, and the flags and data that a resumed run must share. */
export interface Checkpoint extends ModelShape {
  metadata: v.InferOutput<typeof METADATA>;
  state: RunState;
}

/** The number of the format. Format 1 was not a safetensors file, and began with these words. */
const FORMAT = "3";
const FORMAT_1 = "bp-train checkpoint 1\n";

/** These digits stand in the place of the SHA-256 while it is computed. */
const ZEROS = "0".repeat(64);

/** The metadata of a model without the history, which is in tensors. */
const METADATA = v.required(v.omit(MODEL_METADATA, ["epoch", "history"]));

/** What of `RunState` is not in tensors. */
const POSITION = v.object({
  position: v.nullable(wholeNumber(0)),
  maskSeed: wholeNumber(0, 2 ** 32 - 1),
  distortionSeed: inRange(SEED.range),
  random: v.pipe(
    v.array(wholeNumber(-(2 ** 31), 2 ** 31 - 1), "a list"),
    v.length(4, "four numbers"),
    v.check((numbers) => numbers.some((n) => n !== 0), "four numbers that are not all 0"),
  ),
  trainSeconds: v.pipe(v.number("a finite number"), v.finite("a finite number")),
});

/** The sets of parameters in `RunState`, and how the names of their tensors begin. */
const PREFIXES = { parameters: "", velocities: "velocity.", best: "best." } as const;
type ParameterSet = keyof typeof PREFIXES;
const SETS = Object.keys(PREFIXES) as ParameterSet[];

/** What decides which tensors a checkpoint has, and how long they are. */
export interface CheckpointLayout extends Layers, HistoryLayout {
  sets: readonly ParameterSet[];
  /** The number of training examples. */
  examples: number;
}

function formsOf(layout: CheckpointLayout): safetensors.TensorForm[] {
  const parameters = layout.sets.flatMap((set) => layerForms(layout, PREFIXES[set]));
  return [...parameters, { name: "order", dtype: "I32", shape: [layout.examples] }, ...historyForms(layout)];
}

/** @throws ConfigurationError if the checkpoint after the last of `epochs`, a run's longest, could not be read again */
export function checkCheckpointSize(path: string, layout: CheckpointLayout): void {
  safetensors.checkSize(path, formsOf(layout), "use fewer neurons, epochs or monitored parts");
}

/** Writes a checkpoint, see `replaceFile`. @throws OutputError if the file cannot be written */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { network, cost, precision, metadata, state } = checkpoint;
  const { sizes, activation, output } = network;
  const { finished, position, maskSeed, distortionSeed, random, trainSeconds, order } = state;
  const sets = SETS.filter((set) => state[set]);
  const history = { sizes, epochs: finished.length, monitored: monitoredParts(finished) };
  const parameters = sets.flatMap((set) => arraysOf(state[set] as Parameters));
  const values = [...parameters, Float64Array.from(order), ...historyValues(finished, history)];
  const forms = formsOf({ ...history, precision, sets, examples: order.length });
  const tensors = forms.map((form, i) => ({ ...form, values: values[i] }));
  const run = { epoch: finished.length, position, maskSeed, distortionSeed, random, trainSeconds };
  const strings = toStrings({ ...metadata, ...run, activation, output, cost });
  const encode = (sha256: string) => safetensors.encode({ checkpointFormat: FORMAT, sha256, ...strings }, tensors);
  const hash = createHash("sha256");
  for (const piece of encode(ZEROS)) hash.update(piece);
  await replaceFile(path, encode(hash.digest("hex")));
}

/** @throws DataError if the file is missing, or is not exactly what `writeCheckpoint` wrote */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFileChecked(path, safetensors.MAX_FILE);
  refuseFormat1(path, bytes);
  const file = safetensors.matches(bytes) ? safetensors.decode(path, bytes) : undefined;
  const checkpoint = file && checkpointFrom(path, file, bytes);
  if (checkpoint) return checkpoint;
  const found = file ? "a model" : bytes.length === 0 ? "an empty file" : looksLike(bytes);
  const remedy = "give a file that --checkpoint wrote";
  throw new DataError({ thing: path, expected: "a checkpoint of bp-train", found, remedy });
}

/** @throws DataError if the file is a checkpoint of format 1 */
export function refuseFormat1(path: string, bytes: Uint8Array): void {
  if (Buffer.from(bytes.subarray(0, FORMAT_1.length)).toString("latin1") === FORMAT_1) throw otherFormat(path, "1");
}

function otherFormat(path: string, format: string): DataError {
  const found = `a checkpoint of format ${format}`;
  const remedy = "resume it with the version of bp-train that wrote it, or start the run again";
  return new DataError({ thing: path, expected: `a checkpoint of format ${FORMAT}`, found, remedy });
}

/** The checkpoint in a file of `bytes`; undefined if it is a model. @throws DataError if it is not as it was written */
export function checkpointFrom(path: string, file: safetensors.SafetensorsFile, bytes: Uint8Array) {
  const { metadata: strings, tensors } = file;
  const format = strings.get("checkpointFormat");
  if (format === undefined) return undefined;
  if (format !== FORMAT) throw otherFormat(path, format);
  checkSha256(path, bytes, `${strings.get("sha256")}`);
  const layout = layoutOf(path, tensors);
  safetensors.checkTensors(path, tensors, formsOf(layout));
  const model = modelFrom(path, file, layout);
  const metadata = fromStrings(path, METADATA, strings);
  const position = fromStrings(path, POSITION, strings);
  const trained = position.position ?? 0;
  const expected = `a whole number from 0 to ${layout.examples} for position`;
  if (trained > layout.examples) throw damaged(path, expected, `${trained}`);
  const parametersOf = (set: ParameterSet) =>
    layout.sets.includes(set) ? parametersFrom(tensors, layout, PREFIXES[set]) : null;
  const state = {
    ...position,
    finished: historyFrom(path, tensors, layout),
    order: orderFrom(path, safetensors.tensorNamed(path, tensors, "order").values),
    parameters: parametersFrom(tensors, layout),
    velocities: parametersOf("velocities"),
    best: parametersOf("best"),
    examples: layout.epochs * layout.examples + trained,
  };
  return { ...model, metadata, state };
}

function layoutOf(path: string, tensors: safetensors.Tensors): CheckpointLayout {
  return {
    ...layersOf(path, tensors),
    sets: SETS.filter((set) => tensors.has(`${PREFIXES[set]}layers.0.weight`)),
    examples: safetensors.tensorNamed(path, tensors, "order").shape[0],
    epochs: safetensors.tensorNamed(path, tensors, "history.eta").shape[0],
    monitored: PARTS.filter((part) => tensors.has(`history.${part}.cost`)),
  };
}

/** @throws DataError unless `sha256` is that of the file with these 64 digits replaced by zeros */
function checkSha256(path: string, bytes: Uint8Array, sha256: string): void {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(sha256);
  const [before, after] = [bytes.subarray(0, start), bytes.subarray(start + ZEROS.length)];
  const found = createHash("sha256").update(before).update(ZEROS).update(after).digest("hex");
  if (found === sha256) return;
  throw damaged(path, "the SHA-256 that the file promises", "another: the file was cut short or changed");
}

/** @throws DataError unless each of 0 .. n - 1 is there once */
function orderFrom(path: string, values: Float64Array): Uint32Array {
  const n = values.length;
  const isThere = new Uint8Array(n);
  for (const example of values) {
    if (isThere[example] !== 0) throw damaged(path, `each of ${n} examples once`, `${example} twice or out of range`);
    isThere[example] = 1;
  }
  if (n === 0) throw damaged(path, "one example or more in order", "none");
  return Uint32Array.from(values);
}
