import { extname } from "node:path";
import { looksLike } from "../data/looks-like.js";
import { ConfigurationError, DataError } from "../errors.js";
import { checkPlace, readableBy, readFileChecked, replaceFile } from "../files.js";
import { checkCost } from "../network/cost.js";
import { bookJson } from "./book-json.js";
import type { Format, Model, ModelShape } from "./format.js";
import { MAX_SAFETENSORS, safetensors } from "./safetensors.js";

export type { Model, ModelShape, Precision } from "./format.js";
export type { HistoryEntry, ModelMetadata } from "./metadata.js";

/** The formats of a model file, by the ending of its name. */
const FORMATS: ReadonlyMap<string, Format> = new Map([
  [".safetensors", safetensors],
  [".json", bookJson],
]);

/**
 * Reads a model file, in whichever format it is: safetensors, or the JSON of the book's program.
 *
 * @throws DataError if the file is missing or not exactly of one of these formats
 */
export async function readModel(path: string): Promise<Model> {
  return (await readModelFile(path)).model;
}

/** As `readModel`, with the name of the format. */
export async function readModelFile(path: string): Promise<{ model: Model; format: string }> {
  const bytes = await readFileChecked(path, MAX_SAFETENSORS);
  for (const format of FORMATS.values()) {
    if (format.matches(bytes)) return { model: format.decode(path, bytes), format: format.name };
  }
  const found = bytes.length === 0 ? "an empty file" : looksLike(bytes);
  throw new DataError({ thing: path, expected: "a safetensors file or the JSON of the book's network2.py", found });
}

/**
 * Writes a model file, in the format that the ending of its name says; what was there is replaced when the new one is whole.
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
 * Finds out before training whether `writeModel` can write such a model there.
 *
 * @param force  replaces a file of any kind; else only a model file that can be read is replaced
 * @throws ConfigurationError if not
 */
export async function checkModelPlace(
  path: string,
  shape: ModelShape,
  options: { force?: boolean } = {},
): Promise<void> {
  fittingFormat(path, shape);
  await checkPlace(path, { ...options, isOurs: readableBy(readModel) });
}

function fittingFormat(path: string, shape: ModelShape): Format {
  const format = FORMATS.get(extname(path).toLowerCase());
  if (!format) {
    const found = extname(path) ? `the ending ${extname(path)}` : "no ending";
    throw new ConfigurationError({
      thing: path,
      expected: `a name that ends in ${[...FORMATS.keys()].join(" or ")}`,
      found,
    });
  }
  checkCost(shape.cost, shape.network.output);
  format.check(path, shape);
  return format;
}

/** @throws ConfigurationError at numbers that no reader would take */
function checkNumbers(path: string, { network: { weights, biases }, precision }: Model): void {
  const stored = precision === "float32" ? Math.fround : (value: number) => value;
  if ([...weights, ...biases].every((values) => values.every((value) => Number.isFinite(stored(value))))) return;
  throw new ConfigurationError({
    thing: path,
    expected: `finite weights and biases in ${precision}`,
    found: "NaN or infinity",
  });
}
