import { createHash } from "node:crypto";
import { looksLike } from "../data/looks-like.js";
import { DataError } from "../errors.js";
import { type Parameters, zeros } from "../network/network.js";
import type { EpochResult } from "../training/result.js";
import type { RunState } from "../training/state.js";
import { damaged, shown } from "./damaged.js";
import { readFileChecked, replaceFile } from "./files.js";
import { type Precision, parameterCount } from "./format.js";
import { isObject, parseJson } from "./json.js";
import { DTYPES } from "./tensors.js";

/** A run between two mini-batches, and what tells whether another command would be the same run. */
export interface Checkpoint {
  /** Of the bp-train that wrote it. */
  version: string;
  /** The flags that decide how the run goes, by name; those that were not given are missing. */
  flags: Record<string, unknown>;
  datasetSha256: string;
  sizes: readonly number[];
  /** In what it is computed; the numbers of float32 are exactly float32s. */
  precision: Precision;
  state: RunState;
}

/*
 * The file: MAGIC; the length of the header, u32; the header, JSON; then the order, u32 each, the parameters, the velocities and the best
 * parameters as far as there are any, layer by layer, weights before biases, in the header's dtype; all little-endian. At last the SHA-256
 * of everything before it.
 */
const MAGIC = Buffer.from("bp-train checkpoint 1\n");
const [HASH, MAX_HEADER, MAX_FILE] = [32, 1 << 28, 2 ** 32];

/** @throws OutputError if it cannot be written; then the file is as it was */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await replaceFile(path, encode(checkpoint));
}

/** @throws DataError if the file is missing, or not exactly what `writeCheckpoint` wrote */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  return decode(path, await readFileChecked(path, MAX_FILE));
}

function encode({ version, flags, datasetSha256, sizes, precision, state }: Checkpoint): Uint8Array[] {
  const { order, parameters, velocities, best, finished, ...run } = state;
  const history = finished.map((epoch) => ({ ...epoch, answers: undefined, monitored: withoutAnswers(epoch) }));
  const last = finished.at(-1);
  const header = {
    ...{ version, flags, datasetSha256, sizes, precision, examplesInOrder: order.length },
    ...{ hasVelocities: velocities !== null, hasBest: best !== null, answers: last ? [...last.answers] : [] },
    ...{ run, history },
  };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const body = new DataView(new ArrayBuffer(4 * order.length));
  for (let i = 0; i < order.length; i++) body.setUint32(4 * i, order[i], true);
  const numbers = [parameters, velocities, best].flatMap((p) => (p ? numbersToBytes(p, precision) : []));
  const pieces = [MAGIC, length, json, new Uint8Array(body.buffer), ...numbers];
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return [...pieces, hash.digest()];
}

function decode(path: string, bytes: Uint8Array): Checkpoint {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw noCheckpoint(path, bytes);
  const end = bytes.length - HASH;
  const start = MAGIC.length + 4;
  if (end < start) throw damaged(path, "a whole checkpoint", `${bytes.length} bytes`);
  if (!createHash("sha256").update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end))) {
    throw damaged(path, "the SHA-256 that its end promises", "another: it was cut short or changed");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  const headerLength = view.getUint32(MAGIC.length, true);
  if (headerLength > Math.min(MAX_HEADER, end - start)) {
    throw damaged(path, "a header that fits into the file", `${headerLength} bytes`);
  }
  const header = new Header(path, parseJson(path, bytes.subarray(start, start + headerLength)));
  const sizes = header.wholeNumbers("sizes", 1);
  const n = header.wholeNumber("examplesInOrder", 1);
  const precision = header.oneOf("precision", ["float32", "float64"] as const);
  const [hasVelocities, hasBest] = [
    header.oneOf("hasVelocities", [true, false]),
    header.oneOf("hasBest", [true, false]),
  ];
  const each = parameterCount(sizes) * DTYPES[precision === "float32" ? "F32" : "F64"].bytes;
  const length = start + headerLength + 4 * n + each * (1 + Number(hasVelocities) + Number(hasBest));
  if (length !== end) throw damaged(path, `${length + HASH} bytes`, `${bytes.length}`);
  let at = start + headerLength;
  const order = orderFrom(path, view, at, n);
  at += 4 * n;
  const next = () => {
    const parameters = numbersFromBytes(path, view, at, sizes, precision);
    at += each;
    return parameters;
  };
  const run = new Header(path, header.object("run"));
  return {
    ...{ version: header.text("version"), flags: header.object("flags"), datasetSha256: header.text("datasetSha256") },
    ...{ sizes, precision },
    state: {
      ...{ order, parameters: next(), velocities: hasVelocities ? next() : null, best: hasBest ? next() : null },
      position: run.isNull("position") ? null : run.wholeNumber("position", 0, n),
      maskSeed: run.wholeNumber("maskSeed", 0, 2 ** 32 - 1),
      random: run.wholeNumbers("random", -(2 ** 31)),
      examples: run.wholeNumber("examples", 0),
      trainSeconds: run.number("trainSeconds"),
      finished: historyFrom(path, header, sizes[sizes.length - 1]),
    },
  };
}

function noCheckpoint(path: string, bytes: Uint8Array): DataError {
  const text = Buffer.from(bytes.subarray(0, MAGIC.length)).toString("latin1");
  const other = /^bp-train checkpoint (\d+)\n/.exec(text)?.[1];
  const found = other ? `one of form ${other}` : bytes.length === 0 ? "an empty file" : looksLike(bytes);
  const remedy = other ? "use the bp-train that wrote it" : "give a file that --checkpoint kept";
  return new DataError({ thing: path, expected: "a checkpoint of bp-train, form 1", found, remedy });
}

/** Evaluations as JSON: how often each class was answered counts for the last epoch only, and stands apart. */
function withoutAnswers({ monitored }: EpochResult) {
  return Object.fromEntries(Object.entries(monitored).map(([part, { answers, ...rest }]) => [part, rest]));
}

function historyFrom(path: string, header: Header, outputs: number): EpochResult[] {
  const answers = Uint32Array.from(header.wholeNumbers("answers", 0));
  const history = header.array("history");
  if (answers.length !== (history.length > 0 ? outputs : 0)) throw damaged(path, "answers of each class", `${answers}`);
  return history.map((value, i) => {
    const epoch = new Header(path, value);
    const last = i === history.length - 1 ? answers : new Uint32Array(outputs);
    const evaluation = (entry: Header) => ({
      ...{ correct: entry.wholeNumber("correct", 0), total: entry.wholeNumber("total", 1) },
      ...{ accuracy: entry.number("accuracy"), answers: last },
      ...(entry.has("cost") ? { cost: entry.number("cost") } : {}),
    });
    const monitored = Object.entries(epoch.object("monitored"));
    return {
      ...{ epoch: epoch.wholeNumber("epoch", i + 1, i + 1), eta: epoch.number("eta"), ...evaluation(epoch) },
      ...{ trainSeconds: epoch.number("trainSeconds"), evaluateSeconds: epoch.number("evaluateSeconds") },
      monitored: Object.fromEntries(monitored.map(([part, value]) => [part, evaluation(new Header(path, value))])),
    };
  });
}

/** @throws DataError unless each of 0 .. n - 1 is there once */
function orderFrom(path: string, view: DataView, at: number, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => view.getUint32(at + 4 * i, true));
  const seen = new Uint8Array(n);
  for (const example of order) seen[example]++;
  if (!seen.every((times) => times === 1)) throw damaged(path, `each of ${n} examples once`, "another order");
  return order;
}

function arraysOf({ weights, biases }: Parameters): Float64Array[] {
  return weights.flatMap((values, l) => [values, biases[l]]);
}

function numbersToBytes(parameters: Parameters, precision: Precision): Uint8Array[] {
  const { bytes, set } = DTYPES[precision === "float32" ? "F32" : "F64"];
  return arraysOf(parameters).map((values) => {
    const view = new DataView(new ArrayBuffer(bytes * values.length));
    for (let i = 0; i < values.length; i++) set(view, bytes * i, values[i]);
    return new Uint8Array(view.buffer);
  });
}

function numbersFromBytes(path: string, view: DataView, from: number, sizes: readonly number[], precision: Precision) {
  const { bytes, get } = DTYPES[precision === "float32" ? "F32" : "F64"];
  const parameters = zeros(sizes);
  let at = from;
  for (const values of arraysOf(parameters)) {
    for (let i = 0; i < values.length; i++, at += bytes) values[i] = get(view, at);
    if (!values.every(Number.isFinite)) throw damaged(path, "finite numbers", "NaN or infinity");
  }
  return parameters;
}

/** An object of the header, whose values are asked for by what they must be. */
class Header {
  readonly #path: string;
  readonly #values: Record<string, unknown>;

  constructor(path: string, value: unknown) {
    if (!isObject(value)) throw damaged(path, "an object in the header", shown(value));
    this.#path = path;
    this.#values = value;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key);
  }

  isNull(key: string): boolean {
    return this.#values[key] === null;
  }

  number(key: string): number {
    return this.#get(key, "a number", (value) => typeof value === "number");
  }

  wholeNumber(key: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
    return this.#get(key, `a whole number from ${min} to ${max}`, (value) => isWhole(value, min, max));
  }

  wholeNumbers(key: string, min: number): number[] {
    const areWhole = (value: unknown) => Array.isArray(value) && value.every((n) => isWhole(n, min));
    return this.#get(key, `whole numbers from ${min}`, areWhole);
  }

  text(key: string): string {
    return this.#get(key, "text", (value) => typeof value === "string");
  }

  array(key: string): unknown[] {
    return this.#get(key, "a list", Array.isArray);
  }

  object(key: string): Record<string, unknown> {
    return this.#get(key, "an object", isObject);
  }

  oneOf<T>(key: string, values: readonly T[]): T {
    return this.#get(key, values.join(" or "), (value) => values.includes(value as T));
  }

  #get<T>(key: string, expected: string, fits: (value: unknown) => boolean): T {
    const value = this.has(key) ? this.#values[key] : undefined;
    if (!fits(value)) throw damaged(this.#path, `${expected} for ${key}`, shown(value));
    return value as T;
  }
}

function isWhole(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
