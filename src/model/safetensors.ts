/** The safetensors format, the container of models and checkpoints: named tensors, and metadata, which are strings by name. */
import * as v from "valibot";
import { ConfigurationError } from "../errors.js";
import { damaged, excerpt } from "./damaged.js";
import { anObject, checkValue, nameIn, objectOf, parseJson, text, wholeNumber } from "./json.js";
import { bytesOf, DTYPES, decodeNumbers, encodeNumbers, type Tensor, type TensorForm } from "./tensors.js";

/** The greatest length of a file in bytes. Node's hash functions take no longer array. */
export const MAX_FILE = 2 ** 31 - 1;

/** The greatest length of a header in bytes. The format allows 100 MB. */
const MAX_HEADER = 16 << 20;

/** How much of the header `checkSize` leaves to the metadata: 8 MiB for a history, see `metadata.ts`, and 1 MiB for the rest. */
const METADATA_RESERVE = 9 << 20;

export interface SafetensorsFile {
  metadata: ReadonlyMap<string, string>;
  tensors: ReadonlyMap<string, Tensor>;
}

/** Whether a file with these bytes is meant to be a safetensors file. */
export function matches(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[7] === 0 && bytes[8] === "{".charCodeAt(0);
}

/** @throws ConfigurationError if a file of these tensors, or its header, would be too long to be read again */
export function checkSize(path: string, forms: readonly TensorForm[], remedy: string): void {
  const header = encodeHeader({}, forms).length + METADATA_RESERVE;
  const total = forms.reduce((sum, form) => sum + bytesOf(form), header);
  const complain = (expected: string, found: number) =>
    new ConfigurationError({ thing: path, expected, found: `${found}`, remedy });
  if (header > MAX_HEADER) throw complain(`a header of at most ${MAX_HEADER} bytes`, header);
  if (total > MAX_FILE) throw complain(`a file of at most ${MAX_FILE} bytes`, total);
}

/** Encodes a file in pieces. Wide numbers come first, so that each tensor begins at a multiple of its numbers' width. */
export function* encode(metadata: Record<string, string>, tensors: readonly Tensor[]): Generator<Uint8Array> {
  const width = ({ dtype }: Tensor) => DTYPES[dtype].BYTES_PER_ELEMENT;
  const sorted = tensors.toSorted((a, b) => width(b) - width(a));
  const header = encodeHeader(metadata, sorted);
  if (header.length > MAX_HEADER) {
    const expected = `a header of at most ${MAX_HEADER} bytes`;
    throw new ConfigurationError({ thing: "metadata", expected, found: `${header.length}` });
  }
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
