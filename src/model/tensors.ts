import { arraysOf, type Parameters } from "../network/network.js";
import { damaged, excerpt } from "./damaged.js";
import type { Precision } from "./format.js";
import { isObject } from "./json.js";

/** The element types of a safetensors file that a network can have; always little-endian. */
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
} as const;
type DtypeName = keyof typeof DTYPES;

export function dtypeOf(precision: Precision): DtypeName {
  return precision === "float32" ? "F32" : "F64";
}

/** How many numbers are encoded at a time. */
const CHUNK = 1 << 16;

/** The bytes of parameters in that order, in pieces. */
export function* encodeNumbers(parameters: Parameters, precision: Precision): Generator<Uint8Array> {
  const { set, bytes } = DTYPES[dtypeOf(precision)];
  for (const values of arraysOf(parameters)) {
    for (let i = 0; i < values.length; i += CHUNK) {
      const part = values.subarray(i, i + CHUNK);
      const view = new DataView(new ArrayBuffer(bytes * part.length));
      for (const [j, value] of part.entries()) set(view, bytes * j, value);
      yield new Uint8Array(view.buffer);
    }
  }
}

/** A tensor as a safetensors header describes it. */
export interface Tensor {
  name: string;
  dtype: DtypeName;
  shape: number[];
  /** Where its bytes are, counted from the end of the header. */
  begin: number;
  end: number;
}

/**
 * The layers of a network in a safetensors header, with nothing else in it.
 *
 * @param header  its entries without the metadata
 * @returns layers  weight and bias of layer 0, then of layer 1, ...
 * @throws DataError if the tensors are not those of a network
 */
export function parseTensors(
  path: string,
  header: ReadonlyMap<string, unknown>,
): { sizes: number[]; dtype: DtypeName; layers: Tensor[] } {
  const layers: Tensor[] = [];
  const sizes: number[] = [];
  for (let l = 0; l === 0 || 2 * l < header.size; l++) {
    const weight = parseTensor(path, header, `layers.${l}.weight`, 2);
    const bias = parseTensor(path, header, `layers.${l}.bias`, 1);
    const [nOut, nIn] = weight.shape;
    if (l === 0) sizes.push(nIn);
    if (nIn !== sizes[l]) throw damaged(path, `${sizes[l]} columns in ${weight.name}`, `${nIn}`);
    if (bias.shape[0] !== nOut) throw damaged(path, `${nOut} numbers in ${bias.name}`, `${bias.shape[0]}`);
    sizes.push(nOut);
    layers.push(weight, bias);
  }
  const [{ dtype }] = layers;
  const other = layers.find((tensor) => tensor.dtype !== dtype);
  if (other) throw damaged(path, `${dtype} as in ${layers[0].name}`, `${other.dtype} in ${other.name}`);
  return { sizes, dtype, layers };
}

function parseTensor(path: string, header: ReadonlyMap<string, unknown>, name: string, rank: number): Tensor {
  const entry = header.get(name);
  if (entry === undefined) {
    const strangers = [...header.keys()].filter((key) => !/^layers\.\d+\.(weight|bias)$/.test(key));
    const names = (strangers.length > 0 ? strangers : [...header.keys()]).slice(0, 4).join(", ") || "none";
    throw damaged(
      path,
      `a tensor ${name}; a network has layers.0.weight, layers.0.bias and so on alone`,
      excerpt(names),
    );
  }
  if (!isObject(entry)) throw damaged(path, `dtype, shape and data_offsets for ${name}`, excerpt(entry));
  const { dtype, shape, data_offsets: offsets, ...more } = entry;
  if (Object.keys(more).length > 0) throw damaged(path, `dtype, shape and data_offsets for ${name}`, excerpt(entry));
  if (dtype !== "F32" && dtype !== "F64") {
    throw damaged(path, `float32 or float64 (F32, F64) in ${name}`, excerpt(dtype));
  }
  if (!areWholeNumbers(shape, rank, 1))
    throw damaged(path, `a shape of ${rank} dimensions for ${name}`, excerpt(shape));
  if (!areWholeNumbers(offsets, 2, 0)) throw damaged(path, `two data_offsets for ${name}`, excerpt(offsets));
  const [begin, end] = offsets;
  const length = DTYPES[dtype].bytes * shape.reduce((product, n) => product * n);
  if (end - begin !== length) {
    throw damaged(path, `${length} bytes for ${name} of ${shape.join(" x ")}`, `${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function areWholeNumbers(value: unknown, length: number, min: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every((n) => Number.isSafeInteger(n) && n >= min);
}

/** @throws DataError unless the tensors fill the data without overlap, gap or rest, in whatever order */
export function checkTiling(path: string, tensors: readonly Tensor[], length: number): void {
  let at = 0;
  for (const { name, begin, end } of tensors.toSorted((a, b) => a.begin - b.begin)) {
    if (begin !== at) throw damaged(path, `${name} to begin at byte ${at} of the data`, `${begin}`);
    at = end;
  }
  if (at !== length) throw damaged(path, `${at} bytes of data`, `${length}`);
}
