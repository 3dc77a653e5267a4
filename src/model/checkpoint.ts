import { createHash } from "node:crypto";
import { looksLike } from "../data/looks-like.js";
import { PARTS } from "../data/parts.js";
import { ConfigurationError, DataError } from "../errors.js";
import { readFileChecked, replaceFile } from "../files.js";
import { arraysOf, parameterCount } from "../network/network.js";
import type { Evaluation } from "../training/evaluation.js";
import type { EpochResult } from "../training/result.js";
import type { RunState } from "../training/state.js";
import { damaged } from "./damaged.js";
import { emptyNetwork, type Precision } from "./format.js";
import { Header } from "./header.js";
import { parseJson } from "./json.js";
import { DTYPES, dtypeOf, encodeNumbers } from "./tensors.js";

/** A run between two mini-batches, and what tells whether another command would be the same run. */
export interface Checkpoint {
  /** Of the bp-train that wrote it. */
  version: string;
  /** The flags that decide how the run goes, by name; those that were not given are missing. */
  flags: Record<string, unknown>;
  datasetSha256: string;
  sizes: readonly number[];
  /** The type that it is computed in; the numbers of float32 are exactly float32s. */
  precision: Precision;
  state: RunState;
}

/*
 * The file: MAGIC; the length of the header, u32; the header, JSON; then the order, u32 each, the parameters, the velocities and the best
 * parameters as far as there are any, layer by layer, weights before biases, in float32 or float64 as the header says; all little-endian.
 * At last the SHA-256 of everything before it.
 */
const MAGIC = Buffer.from("bp-train checkpoint 1\n");
/** In bytes; a hash takes no more at a time than such a file. */
const [HASH, MAX_HEADER, MAX_FILE] = [32, 2 ** 28, 2 ** 31 - 1];

/**
 * Finds out early whether the checkpoints of a run can be read again.
 *
 * @param copies  how often it has its parameters, the velocities counting as one
 * @throws ConfigurationError if they will be too long
 */
export function checkCheckpointSize(path: string, { sizes, precision }: ParametersForm, copies: number): void {
  const length = MAX_HEADER + copies * bytesOf({ sizes, precision });
  if (length <= MAX_FILE) return;
  const expected = `a run whose checkpoint takes at most ${MAX_FILE} bytes`;
  throw new ConfigurationError({ thing: path, expected, found: `${length}`, remedy: "use fewer neurons" });
}

/** @throws OutputError if it cannot be written; then the file is as it was */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await replaceFile(path, encode(checkpoint));
}

/** @throws DataError if the file is missing, or not exactly what `writeCheckpoint` wrote */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  return decode(path, await readFileChecked(path, MAX_FILE));
}

function encode({ version, flags, datasetSha256, sizes, precision, state }: Checkpoint): Uint8Array[] {
  const { order, parameters, velocities, best, position, maskSeed, random, trainSeconds, finished } = state;
  const header = {
    version,
    flags,
    datasetSha256,
    sizes,
    precision,
    examplesInOrder: order.length,
    hasVelocities: velocities !== null,
    hasBest: best !== null,
    position,
    maskSeed,
    random,
    trainSeconds,
    history: finished,
  };
  const json = Buffer.from(JSON.stringify(header, (_, value) => (value instanceof Uint32Array ? [...value] : value)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const body = new DataView(new ArrayBuffer(4 * order.length));
  for (let i = 0; i < order.length; i++) body.setUint32(4 * i, order[i], true);
  const numbers = [parameters, velocities, best].flatMap((p) => (p ? [...encodeNumbers(p, precision)] : []));
  const pieces = [MAGIC, length, json, new Uint8Array(body.buffer), ...numbers];
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return [...pieces, hash.digest()];
}

function decode(path: string, bytes: Uint8Array): Checkpoint {
  const { header, body } = split(path, bytes);
  const sizes = header.wholeNumbers("sizes", { min: 1 });
  const precision = header.oneOf("precision", ["float32", "float64"] as const);
  const n = header.wholeNumber("examplesInOrder", { min: 1 });
  const [hasVelocities, hasBest] = (["hasVelocities", "hasBest"] as const).map((k) => header.oneOf(k, [true, false]));
  const each = bytesOf({ sizes, precision });
  const length = 4 * n + each * (1 + Number(hasVelocities) + Number(hasBest));
  if (length !== body.byteLength) throw damaged(path, `${length} bytes after the header`, `${body.byteLength}`);
  const numbers = (i: number) => numbersFromBytes(path, body, 4 * n + i * each, { sizes, precision });
  const finished = historyFrom(path, header, sizes[sizes.length - 1]);
  const position = header.isNull("position") ? null : header.wholeNumber("position", { min: 0, max: n });
  return {
    version: header.text("version"),
    flags: header.object("flags"),
    datasetSha256: header.text("datasetSha256", /^[0-9a-f]{64}$/),
    sizes,
    precision,
    state: {
      finished,
      position,
      order: orderFrom(path, body, n),
      maskSeed: header.wholeNumber("maskSeed", { min: 0, max: 2 ** 32 - 1 }),
      random: randomFrom(path, header),
      parameters: numbers(0),
      velocities: hasVelocities ? numbers(1) : null,
      best: hasBest ? numbers(hasVelocities ? 2 : 1) : null,
      examples: finished.length * n + (position ?? 0),
      trainSeconds: header.number("trainSeconds"),
    },
  };
}

/** Takes the file apart, and checks what all of it hangs on. */
function split(path: string, bytes: Uint8Array): { header: Header; body: DataView } {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw noCheckpoint(path, bytes);
  const end = bytes.length - HASH;
  const start = MAGIC.length + 4;
  if (end < start) throw damaged(path, "a whole checkpoint", `${bytes.length} bytes`);
  if (!createHash("sha256").update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end))) {
    throw damaged(path, "the SHA-256 that its end promises", "another: it was cut short or changed");
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const most = Math.min(MAX_HEADER, end - start);
  if (length > most) throw damaged(path, `a header of at most ${most} bytes`, `one that claims ${length}`);
  const header = new Header(path, parseJson(path, bytes.subarray(start, start + length)));
  return { header, body: new DataView(bytes.buffer, bytes.byteOffset + start + length, end - start - length) };
}

function noCheckpoint(path: string, bytes: Uint8Array): DataError {
  const text = Buffer.from(bytes.subarray(0, MAGIC.length)).toString("latin1");
  const other = /^bp-train checkpoint (\d+)\n/.exec(text)?.[1];
  const found = other ? `one of format ${other}` : bytes.length === 0 ? "an empty file" : looksLike(bytes);
  const remedy = other ? "use the bp-train that wrote it" : "give a file that --checkpoint kept";
  return new DataError({ thing: path, expected: "a checkpoint of bp-train, format 1", found, remedy });
}

function historyFrom(path: string, header: Header, outputs: number): EpochResult[] {
  return header.array("history").map((value, i) => {
    const epoch = new Header(path, value);
    const monitored = new Header(path, epoch.object("monitored"));
    const parts = PARTS.filter((part) => monitored.has(part));
    const evaluationOf = (part: string) => evaluationFrom(new Header(path, monitored.object(part)), outputs);
    return {
      epoch: epoch.wholeNumber("epoch", { min: i + 1, max: i + 1 }),
      eta: epoch.number("eta"),
      ...evaluationFrom(epoch, outputs),
      monitored: Object.fromEntries(parts.map((part) => [part, evaluationOf(part)])),
      trainSeconds: epoch.number("trainSeconds"),
      evaluateSeconds: epoch.number("evaluateSeconds"),
    };
  });
}

function evaluationFrom(entry: Header, outputs: number): Evaluation {
  const total = entry.wholeNumber("total", { min: 1 });
  const correct = entry.wholeNumber("correct", { min: 0, max: total });
  const accuracy = entry.oneOf("accuracy", [correct / total]);
  const answers = Uint32Array.from(entry.wholeNumbers("answers", { min: 0, max: 2 ** 32 - 1, length: outputs }));
  if (!entry.has("cost")) return { correct, total, accuracy, answers };
  const cost = entry.isNull("cost") ? Number.NaN : entry.number("cost"); // so JSON has what is not finite
  return { correct, total, accuracy, answers, cost };
}

/** @throws DataError unless a generator can have this state, see `Random` */
function randomFrom(path: string, header: Header): number[] {
  const random = header.wholeNumbers("random", { min: -(2 ** 31), max: 2 ** 31 - 1, length: 4 });
  if (random.every((n) => n === 0)) throw damaged(path, "a number that is not 0 for random", "none");
  return random;
}

/** @throws DataError unless each of 0 .. n - 1 is there once */
function orderFrom(path: string, body: DataView, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => body.getUint32(4 * i, true));
  const seen = new Uint8Array(n);
  for (const example of order) {
    if (seen[example] !== 0) throw damaged(path, `each of ${n} examples once`, `${example} too often or too large`);
    seen[example] = 1;
  }
  return order;
}

/** How a file holds parameters. */
type ParametersForm = Pick<Checkpoint, "sizes" | "precision">;

function bytesOf({ sizes, precision }: ParametersForm): number {
  return parameterCount(sizes) * DTYPES[dtypeOf(precision)].bytes;
}

function numbersFromBytes(path: string, body: DataView, from: number, { sizes, precision }: ParametersForm) {
  const { bytes, get } = DTYPES[dtypeOf(precision)];
  const { weights, biases } = emptyNetwork(path, sizes);
  let at = from;
  for (const values of arraysOf({ weights, biases })) {
    for (let i = 0; i < values.length; i++, at += bytes) values[i] = get(body, at);
    if (!values.every(Number.isFinite)) throw damaged(path, "finite numbers", "NaN or infinity");
  }
  return { weights, biases };
}
