/** Tensors, and the bytes of their numbers in a safetensors file. */
import { endianness } from "node:os";
import { CHUNK } from "../files.js";
import { damaged, excerpt } from "./damaged.js";

/** The element types that our files need. */
export const DTYPES = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const;
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

export function bytesOf({ dtype, shape }: Omit<TensorForm, "name">): number {
  return shape.reduce((product, n) => product * n, DTYPES[dtype].BYTES_PER_ELEMENT);
}

/** Encodes the numbers of a tensor, in pieces of `CHUNK` bytes. */
export function* encodeNumbers({ values, ...form }: Tensor): Generator<Uint8Array> {
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

export function decodeNumbers(dtype: Dtype, bytes: Uint8Array): Float64Array {
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
