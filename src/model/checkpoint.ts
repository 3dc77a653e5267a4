/** Checkpoints: safetensors files that hold a run between two mini-batches. README.md describes their tensors and metadata. */

import { createHash } from "node:crypto";
import * as v from "valibot";
import { looksLike } from "../data/looks-like.js";
import { DataError } from "../errors.js";
import { readFileChecked, replaceFile } from "../files.js";
import type { RunState } from "../training/state.js";
import { damaged } from "./damaged.js";
import type { Model, ModelShape } from "./format.js";
import { type HistoryLayout, historyColumns, historyTensors, takeHistory } from "./history.js";
import { number, wholeNumber } from "./json.js";
import { fromStrings, MODEL_METADATA, toStrings } from "./metadata.js";
import { type Layers, layerForms, layerTensors, takeModel, takeParameters } from "./model-tensors.js";
import {
  checkSize,
  decodeSafetensors,
  encodeSafetensors,
  isSafetensors,
  MAX_FILE,
  type SafetensorsFile,
} from "./safetensors.js";
import { checkNoneLeft, type TensorForm, type Tensors, take, tensorNamed } from "./tensors.js";

/** A run between two mini-batches, and what tells whether another command would be the same run. */
export interface Checkpoint extends ModelShape {
  metadata: Omit<v.InferOutput<typeof METADATA>, keyof RunState>;
  state: RunState;
}

/** The number of the format. Format 1 was not a safetensors file. */
const FORMAT = "2";
const OLD_MAGIC = "bp-train checkpoint 1\n";

/** These stand in the place of the SHA-256 while it is computed. */
const ZEROS = "0".repeat(64);

/** Of the metadata of a model, a checkpoint has all but the history, which is in tensors. The rest is of `RunState`. */
const METADATA = v.object({
  ...v.required(v.omit(MODEL_METADATA, ["epoch", "history"])).entries,
  position: v.nullable(wholeNumber(0)),
  maskSeed: wholeNumber(0, 2 ** 32 - 1),
  random: v.pipe(
    v.array(wholeNumber(-(2 ** 31), 2 ** 31 - 1), "a list"),
    v.length(4, "four numbers"),
    v.check((numbers) => numbers.some((n) => n !== 0), "four numbers that are not all 0"),
  ),
  trainSeconds: number,
});

/** What decides how long a checkpoint is. */
export interface CheckpointLayout extends Layers, Omit<HistoryLayout, "outputs"> {
  hasVelocities: boolean;
  hasBest: boolean;
  /** The number of training examples. */
  examples: number;
}

/**
 * Checks before training that a checkpoint after the last of `epochs`, the longest of a run, can be read again.
 *
 * @throws ConfigurationError if it would be too long
 */
export function checkCheckpointSize(path: string, layout: CheckpointLayout): void {
  const forms = [
    ...layerForms(layout),
    ...(layout.hasVelocities ? layerForms(layout, "velocity.") : []),
    ...(layout.hasBest ? layerForms(layout, "best.") : []),
    orderForm(layout.examples),
    ...historyColumns({ ...layout, outputs: layout.sizes[layout.sizes.length - 1] }),
  ];
  checkSize(path, forms, "use fewer neurons, epochs or monitored parts");
}

/**
 * Writes a checkpoint, see `replaceFile`.
 *
 * @throws OutputError if the file cannot be written
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { network, cost, precision, metadata, state } = checkpoint;
  const { sizes, activation, output } = network;
  const { finished, position, maskSeed, random, trainSeconds } = state;
  const layers = { sizes, precision };
  const tensors = [
    ...layerTensors(layers, state.parameters),
    ...layerTensors(layers, state.velocities, "velocity."),
    ...layerTensors(layers, state.best, "best."),
    { ...orderForm(state.order.length), values: Float64Array.from(state.order) },
    ...historyTensors(finished, sizes[sizes.length - 1]),
  ];
  const run = { epoch: finished.length, position, maskSeed, random, trainSeconds };
  const strings = toStrings({ activation, output, cost, ...metadata, ...run });
  const encode = (sha256: string) => encodeSafetensors({ checkpointFormat: FORMAT, sha256, ...strings }, tensors);
  const hash = createHash("sha256");
  for (const piece of encode(ZEROS)) hash.update(piece);
  await replaceFile(path, encode(hash.digest("hex")));
}

function orderForm(examples: number): TensorForm {
  return { name: "order", dtype: "I32", shape: [examples] };
}

/** @throws DataError if the file is missing, or is not exactly what `writeCheckpoint` wrote */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFileChecked(path, MAX_FILE);
  refuseOldCheckpoint(path, bytes);
  const file = isSafetensors(bytes) ? decodeSafetensors(path, bytes) : undefined;
  if (file && isCheckpoint(file)) return decodeCheckpoint(path, file, bytes);
  const found = file ? "a model" : bytes.length === 0 ? "an empty file" : looksLike(bytes);
  const remedy = "give a file that --checkpoint wrote";
  throw new DataError({ thing: path, expected: "a checkpoint of bp-train", found, remedy });
}

/** @throws DataError if the file is a checkpoint of format 1 */
export function refuseOldCheckpoint(path: string, bytes: Uint8Array): void {
  if (Buffer.from(bytes.subarray(0, OLD_MAGIC.length)).toString("latin1") === OLD_MAGIC) throw otherFormat(path, "1");
}

function otherFormat(path: string, format: string): DataError {
  const found = `a checkpoint of format ${format}`;
  const remedy = "resume it with the version of bp-train that wrote it, or start the run again";
  return new DataError({ thing: path, expected: `a checkpoint of format ${FORMAT}`, found, remedy });
}

export function isCheckpoint({ metadata }: SafetensorsFile): boolean {
  return metadata.has("checkpointFormat");
}

/**
 * Takes a checkpoint apart that is in a file of these bytes.
 *
 * @throws DataError if it is not exactly what `writeCheckpoint` wrote
 */
export function decodeCheckpoint(path: string, file: SafetensorsFile, bytes: Uint8Array): Checkpoint & Model {
  const { metadata: strings, tensors } = file;
  const format = `${strings.get("checkpointFormat")}`;
  if (format !== FORMAT) throw otherFormat(path, format);
  checkSha256(path, bytes, `${strings.get("sha256")}`);
  const model = takeModel(path, file);
  const { sizes, weights, biases } = model.network;
  const layers = { sizes, precision: model.precision };
  const takeIfThere = (prefix: string) =>
    tensors.has(`${prefix}layers.0.weight`) ? takeParameters(path, tensors, layers, prefix) : null;
  const [velocities, best] = ["velocity.", "best."].map(takeIfThere);
  const order = takeOrder(path, tensors);
  const finished = takeHistory(path, tensors, sizes[sizes.length - 1]);
  checkNoneLeft(path, tensors);
  const { position, maskSeed, random, trainSeconds, ...metadata } = fromStrings(path, METADATA, strings);
  if (position !== null && position > order.length) {
    throw damaged(path, `a whole number from 0 to ${order.length} for position`, `${position}`);
  }
  const examples = finished.length * order.length + (position ?? 0);
  const run = { finished, position, order, maskSeed, random, velocities, best, examples, trainSeconds };
  return { ...model, metadata, state: { ...run, parameters: { weights, biases } } };
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
function takeOrder(path: string, tensors: Tensors): Uint32Array {
  const [n] = tensorNamed(path, tensors, "order").shape;
  const order = Uint32Array.from(take(path, tensors, orderForm(n)));
  const seen = new Uint8Array(n);
  for (const example of order) {
    if (seen[example] !== 0) throw damaged(path, `each of ${n} examples once`, `${example} twice or out of range`);
    seen[example] = 1;
  }
  if (n === 0) throw damaged(path, "one example or more in order", "none");
  return order;
}
