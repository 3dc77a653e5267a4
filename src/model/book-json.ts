/** The JSON file of the book's network2.py, which saves and loads a network (Nielsen, chapter 3; `Network.save`, `load`). */
import * as v from "valibot";
import { ConfigurationError } from "../errors.js";
import type { CostName } from "../network/cost.js";
import { arraysOf, parameterCount } from "../network/network.js";
import { damaged, excerpt } from "./damaged.js";
import { checkValue, parseJson, wholeNumber } from "./json.js";
import { emptyNetwork, type Model, type ModelShape } from "./model-tensors.js";

/** The greatest length of a file in bytes. JSON.parse makes values of it that take many times as much memory. */
const MAX_BYTES = 64 << 20;

/** The greatest length of a number: `-2.2250738585072014e-308`, a comma, a space and, in a column of biases, two brackets. */
const BYTES_PER_NUMBER = 28;

/** The classes of network2.py, by the names that their costs have here. */
const CLASSES: Partial<Record<CostName, string>> = { quadratic: "QuadraticCost", "cross-entropy": "CrossEntropyCost" };
const CLASS_NAMES = Object.values(CLASSES);

/** The outer form. The matrices are checked by `numbersOf`, which is faster and knows their shapes. */
const FILE = v.strictObject(
  {
    sizes: v.pipe(v.array(wholeNumber(1), "a list"), v.minLength(2, "two or more whole numbers")),
    /** A matrix (out, in) for each layer. */
    weights: v.unknown(),
    /** A column (out, 1) for each layer. */
    biases: v.unknown(),
    cost: v.picklist(CLASS_NAMES, CLASS_NAMES.join(" or ")),
  },
  "an object of sizes, weights, biases, cost",
);

/** @throws ConfigurationError unless it is a network of sigmoid neurons with a cost of network2.py, and not too large */
export function check(path: string, { network: { sizes, activation, output }, cost }: ModelShape): void {
  const complain = (expected: string, found: string) =>
    new ConfigurationError({ thing: path, expected, found, remedy: "use a name that ends in .safetensors" });
  const expected = "a network that the book's network2.py can load";
  if (activation !== "sigmoid") throw complain(expected, `activation ${activation}`);
  if (output !== "sigmoid") throw complain(expected, `output ${output}`);
  if (CLASSES[cost] === undefined) throw complain(expected, `cost ${cost}`);
  const most = Math.floor(MAX_BYTES / BYTES_PER_NUMBER);
  if (parameterCount(sizes) > most) throw complain(`at most ${most} weights and biases`, `${parameterCount(sizes)}`);
}

/** Encodes the network and its cost; the format has no place for anything else. */
export function encode({ network: { sizes, weights, biases }, cost }: Model): string {
  const matrices = weights.map((values, l) => matrix(values, sizes[l]));
  const columns = biases.map((values) => matrix(values, 1));
  return `{"sizes": ${list(sizes)}, "weights": ${list(matrices)}, "biases": ${list(columns)}, "cost": "${CLASSES[cost]}"}`;
}

function matrix(values: Float64Array, columns: number): string {
  const rowOf = (j: number) => list(Array.from(values.subarray(j * columns, (j + 1) * columns), float));
  return list(Array.from({ length: values.length / columns }, (_, j) => rowOf(j)));
}

/** Writes a list as Python's json does. */
function list(items: readonly (string | number)[]): string {
  return `[${items.join(", ")}]`;
}

/** The shortest text that is read back as this number, with a point, so that Python does not take it for an int. */
function float(value: number): string {
  const text = Object.is(value, -0) ? "-0" : `${value}`;
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

export function matches(bytes: Uint8Array): boolean {
  return /^(\xef\xbb\xbf)?\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString("latin1"));
}

/** @throws DataError if the file is not valid */
export function decode(path: string, bytes: Uint8Array): Model {
  if (bytes.length > MAX_BYTES) throw damaged(path, `at most ${MAX_BYTES} bytes of JSON`, `${bytes.length}`);
  const { sizes, weights, biases, cost: className } = checkValue(path, FILE, parseJson(path, bytes));
  const [cost] = (Object.keys(CLASSES) as CostName[]).filter((name) => CLASSES[name] === className);
  checkList(path, "weights", weights, sizes.length - 1);
  checkList(path, "biases", biases, sizes.length - 1);
  const arrays: number[][] = [];
  for (const [l, nOut] of sizes.slice(1).entries()) {
    arrays.push(numbersOf(path, `weights[${l}]`, weights[l], nOut, sizes[l]));
    arrays.push(numbersOf(path, `biases[${l}]`, biases[l], nOut, 1));
  }
  const network = emptyNetwork(path, sizes);
  for (const [i, values] of arraysOf(network).entries()) values.set(arrays[i]);
  // A model of the textbook engine, in float64, never consists of float32 numbers by chance.
  const areFloat32 = arraysOf(network).every((values) => values.every((value) => Math.fround(value) === value));
  return { network, cost, precision: areFloat32 ? "float32" : "float64", metadata: {} };
}

function checkList(path: string, name: string, value: unknown, length: number): asserts value is unknown[] {
  if (!Array.isArray(value)) throw damaged(path, `a list of ${length} for ${name}`, excerpt(value));
  if (value.length !== length) throw damaged(path, `${length} in ${name}, as sizes say`, `${value.length}`);
}

/** @throws DataError unless `value` is a list of `rows` lists of `columns` finite numbers */
function numbersOf(path: string, name: string, value: unknown, rows: number, columns: number): number[] {
  checkList(path, name, value, rows);
  for (const [j, row] of value.entries()) {
    checkList(path, `${name}[${j}]`, row, columns);
    const wrong = row.findIndex((number) => !Number.isFinite(number)); // JSON.parse makes infinity of 1e999
    if (wrong >= 0) throw damaged(path, `finite numbers in ${name}[${j}]`, excerpt(row[wrong]));
  }
  return (value as number[][]).flat();
}
