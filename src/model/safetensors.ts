/** The safetensors format, the container of models and checkpoints: named tensors, and metadata, which are strings by name. */
import { endianness } from "node:os";
import * as v from "valibot";
import { ConfigurationError } from "../errors.js";
import { CHUNK } from "../files.js";
import { damaged, excerpt } from "./damaged.js";
import { anObject, checkValue, nameIn, objectOf, parseJson, text, wholeNumber } from "./json.js";

/** The greatest length of a file in bytes. Node's hash functions take no longer array. */
export const MAX_FILE = 2 ** 31 - 1;

/** The greatest length of a header in bytes. The format allows 100 MB. */
const MAX_HEADER = 16 << 20;

/** How much of the header `checkSize` leaves to the metadata: 8 MiB for a history, see `metadata.ts`, and 1 MiB for the rest. */
const METADATA_RESERVE = 9 << 20;

/** The element types that our files need. */
const DTYPES = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const;
export type Dtype = keyof typeof DTYPES;

export interface TensorForm {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
  /** Whether NaN and infinities are valid numbers. */
  allowsNaN?: boolean;
}

export interface Tensor extends TensorForm {
  /** The numbers in row-major order, as many as the product of `shape`. */
  values: Float64Array;
}

export type Tensors = ReadonlyMap<string, Tensor>;

export interface SafetensorsFile {
  metadata: ReadonlyMap<string, string>;
  tensors: Tensors;
}

/** Whether a file with these bytes is meant to be a safetensors file. */
export function matches(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[7] === 0 && bytes[8] === "{".charCodeAt(0);
}

/** @throws ConfigurationError if a file of these tensors, or its header, would be too long to be read again */
export function checkSize(path: string, forms: readonly TensorForm[], remedy: string): void {
  const header = encodeHeader({}, forms).length + METADATA_RESERVE;
  const total = forms.reduce((sum, form) => sum + bytesOf(form), header);
  checkLength(path, "header", header, MAX_HEADER, remedy);
  checkLength(path, "file", total, MAX_FILE, remedy);
}

function checkLength(thing: string, part: string, length: number, most: number, remedy?: string): void {
  const expected = `a ${part} of at most ${most} bytes`;
  if (length > most) throw new ConfigurationError({ thing, expected, found: `${length}`, remedy });
}

/** Encodes a file in pieces. Wide numbers come first, so that each tensor begins at a multiple of their width. */
export function* encode(metadata: Record<string, string>, tensors: readonly Tensor[]): Generator<Uint8Array> {
  const width = ({ dtype }: Tensor) => DTYPES[dtype].BYTES_PER_ELEMENT;
  const sorted = tensors.toSorted((a, b) => width(b) - width(a));
  const header = encodeHeader(metadata, sorted);
  checkLength("metadata", "header", header.length, MAX_HEADER);
  yield header;
  for (const tensor of sorted) yield* encodeNumbers(tensor);
}

/** Encodes the length of the header as a uint64, then the header as JSON, padded with spaces to a multiple of 8 bytes. */
function encodeHeader(metadata: Record<string, string>, forms: readonly TensorForm[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, dtype, shape } of forms) {
    const begin = end;
    end += bytesOf({ dtype, shape });
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const bytes = Buffer.alloc(8 + 8 * Math.ceil(json.length / 8), " ");
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8));
  json.copy(bytes, 8);
  return bytes;
}

const ENTRY = v.strictObject(
  {
    dtype: nameIn(DTYPES),
    shape: v.array(wholeNumber(0), "a list"),
    data_offsets: v.pipe(v.array(wholeNumber(0), "a list"), v.length(2, "two numbers")),
  },
  "an object of dtype, shape and data_offsets",
);

/** Takes a file apart that `matches`. @throws DataError unless the tensors fill it without overlap, gap or rest */
export function decode(path: string, bytes: Uint8Array): SafetensorsFile {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  const most = Math.min(MAX_HEADER, bytes.length - 8);
  if (length > most) throw damaged(path, `a header of at most ${most} bytes`, `one that claims ${length}`);
  const start = 8 + Number(length);
  const header = parseJson(path, bytes.subarray(8, start));
  const { __metadata__ = {}, ...entries } = checkValue(path, anObject, header, "the header");
  const metadata = checkValue(path, objectOf(text), __metadata__, "__metadata__");
  const forms = Object.entries(entries).map(([name, entry]) => ({ name, ...checkValue(path, ENTRY, entry, name) }));
  const data = bytes.subarray(start);
  checkOffsets(path, forms, data.length);
  const tensors = forms.map(({ data_offsets, ...form }) => {
    return [form.name, { ...form, values: decodeNumbers(form.dtype, data.subarray(...data_offsets)) }] as const;
  });
  return { metadata: new Map(Object.entries(metadata)), tensors: new Map(tensors) };
}

/** @throws DataError unless the tensors, in any order, fill `length` bytes without overlap, gap or rest */
function checkOffsets(path: string, forms: readonly (TensorForm & { data_offsets: number[] })[], length: number): void {
  const inFileOrder = forms.toSorted(({ data_offsets: a }, { data_offsets: b }) => a[0] - b[0] || a[1] - b[1]);
  let at = 0;
  for (const { name, data_offsets, ...form } of inFileOrder) {
    const [begin, end] = data_offsets;
    const expected = `${bytesOf(form)} bytes for ${excerpt(name)} of ${excerpt(form.shape.join(" x "))}`;
    if (end - begin !== bytesOf(form)) throw damaged(path, expected, `${end - begin}`);
    if (begin !== at) throw damaged(path, `${excerpt(name)} to begin at byte ${at} of the data`, `${begin}`);
    at = end;
  }
  if (at !== length) throw damaged(path, `${at} bytes of data`, `${length}`);
}

function bytesOf({ dtype, shape }: Omit<TensorForm, "name">): number {
  return shape.reduce((product, n) => product * n, DTYPES[dtype].BYTES_PER_ELEMENT);
}

/** Encodes the numbers of a tensor, in pieces of `CHUNK` bytes. */
function* encodeNumbers({ values, ...form }: Tensor): Generator<Uint8Array> {
  const Numbers = DTYPES[form.dtype];
  const width = Numbers.BYTES_PER_ELEMENT;
  if (width * values.length !== bytesOf(form)) {
    throw new RangeError(`${form.name}: expected the shape [${form.shape}], found ${values.length} numbers`);
  }
  for (let from = 0; from < values.length; from += CHUNK / width) {
    const part = new Numbers(values.subarray(from, from + CHUNK / width));
    yield littleEndian(Buffer.from(part.buffer), width);
  }
}

function decodeNumbers(dtype: Dtype, bytes: Uint8Array): Float64Array {
  const Numbers = DTYPES[dtype];
  const { buffer } = new Uint8Array(bytes); // a copy, which begins at a multiple of 8
  littleEndian(Buffer.from(buffer), Numbers.BYTES_PER_ELEMENT);
  return new Float64Array(new Numbers(buffer));
}

/** Turns the bytes of each number round, in place, on a machine that is not little-endian as the files are. */
function littleEndian(bytes: Buffer, width: number): Buffer {
  if (endianness() === "LE") return bytes;
  return width === 8 ? bytes.swap64() : bytes.swap32();
}

export function tensorNamed(path: string, tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor) return tensor;
  throw damaged(path, `a tensor ${name}`, excerpt([...tensors.keys()].join(", ") || "none"));
}

/** @throws DataError unless the tensors of a file are these and no others, and their numbers are finite and, in I32, not negative */
export function checkTensors(path: string, tensors: Tensors, forms: readonly TensorForm[]): void {
  const others = new Set(tensors.keys());
  for (const { name, allowsNaN, ...form } of forms) {
    const tensor = tensorNamed(path, tensors, name);
    const [expected, found] = [form, tensor].map(({ dtype, shape }) => `${dtype} of shape ${JSON.stringify(shape)}`);
    if (found !== expected) throw damaged(path, `${expected} for ${name}`, excerpt(found));
    const [kind, isValid] =
      form.dtype === "I32" ? ["numbers from 0", (n: number) => n >= 0] : ["finite numbers", Number.isFinite];
    const wrong = allowsNaN ? undefined : tensor.values.find((value) => !isValid(value));
    if (wrong !== undefined) throw damaged(path, `${kind} in ${name}`, `${wrong}`);
    others.delete(name);
  }
  if (others.size > 0) throw damaged(path, "no other tensor", excerpt([...others].join(", ")));
}
