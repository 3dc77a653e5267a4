import { ConfigurationError } from "../errors.js";
import type { CostName } from "../network/cost.js";
import { parameterCount } from "../network/network.js";
import { damaged, excerpt } from "./damaged.js";
import { emptyNetwork, type Format, type Model } from "./format.js";
import { isObject, parseJson } from "./json.js";

/** The longest file in bytes: what JSON.parse makes of one takes many times as much memory. */
const MAX_BYTES = 1 << 26;

/** The longest that a number gets, `-2.2250738585072014e-308`, with its comma, space and, in a column, brackets. */
const BYTES_PER_NUMBER = 28;

/** The classes of network2.py by the names that their costs have here. */
const CLASSES: ReadonlyMap<CostName, string> = new Map([
  ["quadratic", "QuadraticCost"],
  ["cross-entropy", "CrossEntropyCost"],
]);

const KEYS = ["sizes", "weights", "biases", "cost"];

/**
 * What the book's network2.py saves and loads (Nielsen, chapter 3; `Network.save`): sizes; weights, a matrix (out, in) for each layer;
 * biases, a column for each; the name of the cost's class. It knows sigmoid neurons only, and no metadata.
 */
export const bookJson: Format = {
  name: "the book's JSON",

  matches: (bytes) => /^(\xef\xbb\xbf)?\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString("latin1")),

  check(path, { network: { sizes, activation, output }, cost }) {
    const complain = (expected: string, found: string) =>
      new ConfigurationError({ thing: path, expected, found, remedy: "use a name that ends in .safetensors" });
    const expected = "a network that the book's network2.py can load";
    if (activation !== "sigmoid") throw complain(expected, `activation ${activation}`);
    if (output !== "sigmoid") throw complain(expected, `output ${output}`);
    if (!CLASSES.has(cost)) throw complain(expected, `cost ${cost}`);
    const most = Math.floor(MAX_BYTES / BYTES_PER_NUMBER);
    if (parameterCount(sizes) > most) throw complain(`at most ${most} weights and biases`, `${parameterCount(sizes)}`);
  },

  *encode({ network: { sizes, weights, biases }, cost }) {
    const matrices = weights.map((values, l) => list(rows(values, sizes[l]).map((row) => list([...row].map(float)))));
    const columns = biases.map((values) => list([...values].map((b) => list([float(b)]))));
    yield `{"sizes": ${list(sizes)}, "weights": ${list(matrices)}, "biases": ${list(columns)}, "cost": "${CLASSES.get(cost)}"}`;
  },

  decode(path, bytes) {
    if (bytes.length > MAX_BYTES) throw damaged(path, `at most ${MAX_BYTES} bytes of JSON`, `${bytes.length}`);
    const json = parseJson(path, bytes);
    const { sizes, weights, biases, cost } = isObject(json) ? json : {};
    const keys = isObject(json) ? Object.keys(json) : [];
    if (!(keys.length === KEYS.length && KEYS.every((key) => keys.includes(key)))) {
      throw damaged(path, `an object of ${KEYS.join(", ")}`, excerpt(keys.join(", ") || json));
    }
    checkSizes(path, sizes);
    const name = [...CLASSES.keys()].find((key) => CLASSES.get(key) === cost);
    if (!name) throw damaged(path, `${[...CLASSES.values()].join(" or ")} for cost`, excerpt(cost));
    const shapes = sizes.slice(1).map((n, l) => [n, sizes[l]]);
    checkList(path, "weights", weights, shapes.length);
    checkList(path, "biases", biases, shapes.length);
    for (const [l, [n, nIn]] of shapes.entries()) {
      checkMatrix(path, `weights[${l}]`, weights[l], n, nIn);
      checkMatrix(path, `biases[${l}]`, biases[l], n, 1);
    }
    const network = emptyNetwork(path, sizes);
    for (const l of shapes.keys()) {
      network.weights[l].set((weights[l] as number[][]).flat());
      network.biases[l].set((biases[l] as number[][]).flat());
    }
    return { network, cost: name, precision: precisionOf(network), metadata: {} };
  },
};

/** A list as Python's json writes it. */
function list(items: readonly (string | number)[]): string {
  return `[${items.join(", ")}]`;
}

/** The rows of a matrix. */
function rows(values: Float64Array, columns: number): Float64Array[] {
  return Array.from({ length: values.length / columns }, (_, j) => values.subarray(j * columns, (j + 1) * columns));
}

/** The shortest number that is read back as this one; with a point, lest Python take it for an int, and with the sign of -0. */
function float(value: number): string {
  const text = Object.is(value, -0) ? "-0" : `${value}`;
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function checkSizes(path: string, sizes: unknown): asserts sizes is number[] {
  if (!(Array.isArray(sizes) && sizes.length >= 2 && sizes.every((n) => Number.isSafeInteger(n) && n >= 1))) {
    throw damaged(path, "two or more whole numbers from 1 for sizes", excerpt(sizes));
  }
}

function checkList(path: string, what: string, value: unknown, length: number): asserts value is unknown[] {
  if (!Array.isArray(value)) throw damaged(path, `a list of ${length} for ${what}`, excerpt(value));
  if (value.length !== length) throw damaged(path, `${length} in ${what}, as sizes say`, `${value.length}`);
}

/** @throws DataError unless `value` is a list of `rows` lists of `columns` finite numbers */
function checkMatrix(path: string, what: string, value: unknown, rows: number, columns: number): void {
  checkList(path, what, value, rows);
  for (const [j, row] of value.entries()) {
    checkList(path, `${what}[${j}]`, row, columns);
    const wrong = row.findIndex((number) => !Number.isFinite(number)); // also 1e999, which JSON.parse takes for infinity
    if (wrong >= 0) throw damaged(path, `finite numbers in ${what}[${j}]`, excerpt(`${row[wrong]}`));
  }
}

/** Textbook weights are never all float32s by chance. */
function precisionOf({ weights, biases }: Model["network"]): Model["precision"] {
  const areFloat32 = [...weights, ...biases].every((values) => values.every((value) => Math.fround(value) === value));
  return areFloat32 ? "float32" : "float64";
}
