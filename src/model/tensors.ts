/** Tensors, and the bytes of their numbers in a safetensors file. */

import { CHUNK } from "../files.js";
import { damaged, excerpt } from "./damaged.js";

/** The element types that our files need, all little-endian. */
export const DTYPES = {
  F32: {
    bytes: 4,
    get: (view: DataView, at: number) => view.getFloat32(at, true),
    set: (view: DataView, at: number, value: number) => view.setFloat32(at, value, true),
  },
  F64: {
    bytes: 8,
    get: (view: DataView, at: number) => view.getFloat64(at, true),
    set: (view: DataView, at: number, value: number) => view.setFloat64(at, value, true),
  },
  I32: {
    bytes: 4,
    get: (view: DataView, at: number) => view.getInt32(at, true),
    set: (view: DataView, at: number, value: number) => view.setInt32(at, value, true),
  },
} as const;

/** A tensor without its numbers. */
export interface TensorForm {
  name: string;
  dtype: keyof typeof DTYPES;
  shape: readonly number[];
}

export interface Tensor extends TensorForm {
  /** The numbers in row-major order, as many as the product of `shape`. */
  values: Float64Array;
}

/** The length of a tensor in bytes. */
export function bytesOf({ dtype, shape }: Omit<TensorForm, "name">): number {
  return shape.reduce((product, n) => product * n, DTYPES[dtype].bytes);
}

/** Encodes the numbers of all tensors, in pieces of at most `CHUNK` bytes. */
export function* encodeNumbers(tensors: readonly Tensor[]): Generator<Uint8Array> {
  for (const { values, ...form } of tensors) {
    const { bytes, set } = DTYPES[form.dtype];
    if (bytes * values.length !== bytesOf(form)) throw new RangeError(`${form.name}: wrong number of values`);
    for (let from = 0; from < values.length; from += CHUNK / bytes) {
      const part = values.subarray(from, from + CHUNK / bytes);
      const view = new DataView(new ArrayBuffer(bytes * part.length));
      for (let i = 0; i < part.length; i++) set(view, bytes * i, part[i]);
      yield new Uint8Array(view.buffer);
    }
  }
}

export function decodeNumbers(dtype: keyof typeof DTYPES, data: Uint8Array): Float64Array {
  const { bytes, get } = DTYPES[dtype];
  const view = new DataView(data.buffer, data.byteOffset);
  const values = new Float64Array(data.length / bytes);
  for (let i = 0; i < values.length; i++) values[i] = get(view, bytes * i); // Float64Array.from takes six times as long
  return values;
}

/** The tensors of a file by name. Those that have been read are taken out, so that unknown ones are left. */
export type Tensors = Map<string, Tensor>;

/** @throws DataError if there is no tensor of this name */
export function tensorNamed(path: string, tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor) return tensor;
  throw damaged(path, `a tensor ${name}`, excerpt([...tensors.keys()].join(", ") || "none"));
}

/**
 * Takes the numbers of a tensor out.
 *
 * @param allowNaN  also allows NaN and infinities
 * @throws DataError if there is no tensor of this form, or a number is not finite or, in I32, negative
 */
export function take(path: string, tensors: Tensors, form: TensorForm, allowNaN = false): Float64Array {
  const tensor = tensorNamed(path, tensors, form.name);
  const [expected, found] = [form, tensor].map(({ dtype, shape }) => `${dtype} of shape [${shape.join(", ")}]`);
  if (found !== expected) throw damaged(path, `${expected} for ${form.name}`, excerpt(found));
  const isCount = form.dtype === "I32";
  const wrong = tensor.values.find((value) => (isCount ? value < 0 : !allowNaN && !Number.isFinite(value)));
  if (wrong !== undefined) {
    throw damaged(path, `${isCount ? "numbers from 0" : "finite numbers"} in ${form.name}`, `${wrong}`);
  }
  tensors.delete(form.name);
  return tensor.values;
}

/** @throws DataError if there are tensors that have not been taken out */
export function checkNoneLeft(path: string, tensors: Tensors): void {
  if (tensors.size > 0) throw damaged(path, "no other tensor", excerpt([...tensors.keys()].join(", ")));
}
