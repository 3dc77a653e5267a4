/** Models in files: safetensors files, the JSON of the book's program, and checkpoints, which can be read like a model. */

import { extname } from "node:path";
import { looksLike } from "../data/looks-like.js";
import { ConfigurationError, DataError } from "../errors.js";
import { checkPlace, readFileChecked, replaceFile } from "../files.js";
import { checkCost } from "../network/cost.js";
import { bookJson, decodeBookJson, isBookJson } from "./book-json.js";
import { type Checkpoint, decodeCheckpoint, isCheckpoint, refuseOldCheckpoint } from "./checkpoint.js";
import type { Format, Model, ModelShape } from "./format.js";
import { latestEpochs, toStrings } from "./metadata.js";
import { layerForms, layerTensors, takeModel } from "./model-tensors.js";
import { checkSize, decodeSafetensors, encodeSafetensors, isSafetensors, MAX_FILE } from "./safetensors.js";
import { checkNoneLeft } from "./tensors.js";

export type { Model, ModelShape, Precision } from "./format.js";
export type { HistoryEntry, ModelMetadata } from "./metadata.js";

const safetensors: Format = {
  check(path, { network: { sizes }, precision }) {
    checkSize(path, layerForms({ sizes, precision }), "use fewer neurons");
  },

  encode({ network, cost, precision, metadata }) {
    const { sizes, activation, output } = network;
    const strings = toStrings({ activation, output, cost, ...metadata });
    return encodeSafetensors(strings, layerTensors({ sizes, precision }, network));
  },
};

/** The formats that a model can be written in, by the ending of the file's name. */
const FORMATS: ReadonlyMap<string, Format> = new Map([
  [".safetensors", safetensors],
  [".json", bookJson],
]);

/** A model with the name of its file's format. */
export interface ModelFile {
  model: Model;
  format: "safetensors" | "the book's JSON" | "checkpoint";
  /** The run that a checkpoint holds. Its current parameters are those of the model. */
  checkpoint?: Checkpoint;
}

/**
 * Reads a model from a safetensors file, from the JSON of the book's program, or from a checkpoint, which holds the parameters of an
 * unfinished run. The content of the file decides, not its name.
 *
 * @throws DataError if the file is missing or not valid
 */
export async function readModel(path: string): Promise<Model> {
  return (await readModelFile(path)).model;
}

/** Reads a model like `readModel`, and tells from what kind of file it comes. */
export async function readModelFile(path: string): Promise<ModelFile> {
  const bytes = await readFileChecked(path, MAX_FILE);
  if (!isSafetensors(bytes)) {
    if (isBookJson(bytes)) return { model: decodeBookJson(path, bytes), format: "the book's JSON" };
    refuseOldCheckpoint(path, bytes);
    const expected = "a safetensors file or the JSON of the book's network2.py";
    throw new DataError({ thing: path, expected, found: bytes.length === 0 ? "an empty file" : looksLike(bytes) });
  }
  const file = decodeSafetensors(path, bytes);
  if (isCheckpoint(file)) {
    const checkpoint = decodeCheckpoint(path, file, bytes);
    const { network, cost, precision, state } = checkpoint;
    const history = latestEpochs(state.finished); // as many as a model file would hold
    const metadata = { ...checkpoint.metadata, epoch: state.finished.length, history };
    return { model: { network, cost, precision, metadata }, format: "checkpoint", checkpoint };
  }
  const model = takeModel(path, file);
  checkNoneLeft(path, file.tensors);
  return { model, format: "safetensors" };
}

/**
 * Writes a model file, in the format that the ending of its name says: `.safetensors` or `.json`. See `replaceFile`.
 *
 * @throws ConfigurationError if the format cannot hold the model
 * @throws OutputError if the file cannot be written
 */
export async function writeModel(path: string, model: Model): Promise<void> {
  const format = fittingFormat(path, model);
  checkNumbers(path, model);
  await replaceFile(path, format.encode(model));
}

/**
 * Checks before training whether `writeModel` can write such a model there.
 *
 * @param force  allows to replace a file of any kind; without it, only a model file that can be read is replaced, and no checkpoint
 * @throws ConfigurationError if not
 */
export async function checkModelPlace(
  path: string,
  shape: ModelShape,
  { force }: { force?: boolean } = {},
): Promise<void> {
  fittingFormat(path, shape);
  await checkPlace(path, { force, read: refuseCheckpoint });
}

/** @throws DataError if a file is not a model file */
async function refuseCheckpoint(path: string): Promise<void> {
  const { format } = await readModelFile(path);
  if (format === "checkpoint") throw new DataError({ thing: path, expected: "a model file", found: "a checkpoint" });
}

function fittingFormat(path: string, shape: ModelShape): Format {
  const format = FORMATS.get(extname(path).toLowerCase());
  if (!format) {
    const expected = `a name that ends in ${[...FORMATS.keys()].join(" or ")}`;
    const found = extname(path) ? `the ending ${extname(path)}` : "no ending";
    throw new ConfigurationError({ thing: path, expected, found });
  }
  checkCost(shape.cost, shape.network.output);
  format.check(path, shape);
  return format;
}

/** @throws ConfigurationError if a number is not finite in the precision of the file, which no reader would accept */
function checkNumbers(path: string, { network: { weights, biases }, precision }: Model): void {
  const stored = precision === "float32" ? Math.fround : (value: number) => value;
  if ([...weights, ...biases].every((values) => values.every((value) => Number.isFinite(stored(value))))) return;
  const expected = `finite weights and biases in ${precision}`;
  throw new ConfigurationError({ thing: path, expected, found: "NaN or infinity" });
}
