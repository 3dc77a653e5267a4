/** Models in files: safetensors files, the JSON of the book's program, and checkpoints, which can be read like a model. */
import { extname } from "node:path";
import { looksLike } from "../data/looks-like.js";
import { ConfigurationError, DataError } from "../errors.js";
import { checkPlace, readFileChecked, replaceFile } from "../files.js";
import { checkCost } from "../network/cost.js";
import { arraysOf } from "../network/network.js";
import * as bookJson from "./book-json.js";
import { type Checkpoint, checkpointFrom, refuseFormat1 } from "./checkpoint.js";
import { latestEpochs, toStrings } from "./metadata.js";
import { layerForms, layersOf, type Model, type ModelShape, modelFrom } from "./model-tensors.js";
import * as safetensors from "./safetensors.js";

export type { ModelMetadata } from "./metadata.js";
export type { Model, ModelShape } from "./model-tensors.js";

export interface ModelFile {
  model: Model;
  format: "safetensors" | "the book's JSON" | "checkpoint";
  /** The run that a checkpoint holds. Its current parameters are those of the model. */
  checkpoint?: Checkpoint;
}

/**
 * Reads a model from a safetensors file, the book's JSON, or a checkpoint. The content decides, not the name of the file.
 *
 * @throws DataError if the file is missing or not valid
 */
export async function readModel(path: string): Promise<Model> {
  return (await readModelFile(path)).model;
}

export async function readModelFile(path: string): Promise<ModelFile> {
  const bytes = await readFileChecked(path, safetensors.MAX_FILE);
  if (!safetensors.matches(bytes)) {
    if (bookJson.matches(bytes)) return { model: bookJson.decode(path, bytes), format: "the book's JSON" };
    refuseFormat1(path, bytes);
    const expected = "a safetensors file or the JSON of the book's network2.py";
    throw new DataError({ thing: path, expected, found: bytes.length === 0 ? "an empty file" : looksLike(bytes) });
  }
  const file = safetensors.decode(path, bytes);
  const checkpoint = checkpointFrom(path, file, bytes);
  if (checkpoint) {
    const { network, cost, precision, state } = checkpoint;
    const history = latestEpochs(state.finished); // as many as a model file would hold
    const metadata = { ...checkpoint.metadata, epoch: state.finished.length, history };
    return { model: { network, cost, precision, metadata }, format: "checkpoint", checkpoint };
  }
  const layers = layersOf(path, file.tensors);
  safetensors.checkTensors(path, file.tensors, layerForms(layers));
  return { model: modelFrom(path, file, layers), format: "safetensors" };
}

/**
 * Writes a model file, in the format that the ending of its name says: `.safetensors` or `.json`. See `replaceFile`.
 *
 * @throws ConfigurationError if the format cannot hold the model
 * @throws OutputError if the file cannot be written
 */
export async function writeModel(path: string, model: Model): Promise<void> {
  const ending = checkShape(path, model);
  const { network, cost, precision, metadata } = model;
  const arrays = arraysOf(network);
  const stored = precision === "float32" ? Math.fround : (value: number) => value;
  const expected = `finite weights and biases in ${precision}`; // no reader would accept others
  const areFinite = arrays.every((values) => values.every((value) => Number.isFinite(stored(value))));
  if (!areFinite) throw new ConfigurationError({ thing: path, expected, found: "NaN or infinity" });
  if (ending === ".json") return replaceFile(path, bookJson.encode(model));
  const { sizes, activation, output } = network;
  const tensors = layerForms({ sizes, precision }).map((form, i) => ({ ...form, values: arrays[i] }));
  await replaceFile(path, safetensors.encode(toStrings({ ...metadata, activation, output, cost }), tensors));
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
  checkShape(path, shape);
  const read = async () => {
    const { checkpoint } = await readModelFile(path);
    if (checkpoint) throw new DataError({ thing: path, expected: "a model file", found: "a checkpoint" });
  };
  await checkPlace(path, { force, read });
}

/** @returns the ending of the name. @throws ConfigurationError if no format has it, or it cannot hold the model */
function checkShape(path: string, shape: ModelShape): ".json" | ".safetensors" {
  const ending = extname(path).toLowerCase();
  if (ending !== ".safetensors" && ending !== ".json") {
    const found = ending ? `the ending ${extname(path)}` : "no ending";
    throw new ConfigurationError({ thing: path, expected: "a name that ends in .safetensors or .json", found });
  }
  const { network, cost, precision } = shape;
  checkCost(cost, network.output);
  if (ending === ".json") bookJson.check(path, shape);
  else safetensors.checkSize(path, layerForms({ sizes: network.sizes, precision }), "use fewer neurons");
  return ending;
}
