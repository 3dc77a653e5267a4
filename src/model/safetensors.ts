import { ConfigurationError } from "../errors.js";
import { ACTIVATIONS, type ActivationName } from "../network/activation.js";
import { COSTS, type Cost, type CostName } from "../network/cost.js";
import { arraysOf, type NetworkOptions, parameterCount } from "../network/network.js";
import { OUTPUTS, type OutputName } from "../network/output.js";
import { damaged, excerpt } from "./damaged.js";
import { emptyNetwork, type Format, type Model } from "./format.js";
import { isObject, parseJson } from "./json.js";
import { metadataFromStrings, metadataToStrings } from "./metadata.js";
import { checkTiling, DTYPES, dtypeOf, encodeNumbers, parseTensors, type Tensor } from "./tensors.js";

/** The longest header in bytes; the format allows 100 MB, but no network's needs as much. */
const MAX_HEADER = 1 << 24;

/** The longest file in bytes. */
export const MAX_SAFETENSORS = 2 ** 31;

/**
 * The safetensors format of Hugging Face (github.com/huggingface/safetensors), which PyTorch's tools read: the length of the header
 * as a little-endian uint64, the header in JSON, then the tensors one after another, little-endian and row-major.
 *
 * Layer l, from 0, is `layers.l.weight` (out, in) and `layers.l.bias` (out). In `__metadata__` are activation, output and cost, and
 * what else is known; a file without them is taken for a network of sigmoid neurons trained with the quadratic cost.
 */
export const safetensors: Format = {
  name: "safetensors",

  matches: (bytes) => bytes.length > 8 && bytes[7] === 0 && bytes[8] === "{".charCodeAt(0),

  check(path, { network: { sizes }, precision }) {
    const length = 8 + MAX_HEADER + DTYPES[dtypeOf(precision)].bytes * parameterCount(sizes);
    if (length <= MAX_SAFETENSORS) return;
    const expected = `a network that takes at most ${MAX_SAFETENSORS} bytes`;
    throw new ConfigurationError({ thing: path, expected, found: `${length}`, remedy: "use fewer neurons" });
  },

  *encode(model) {
    yield headerOf(model);
    yield* encodeNumbers(model.network, model.precision);
  },

  decode(path, bytes) {
    const { header, data } = split(path, bytes);
    const { neurons, cost, metadata } = parseMetadata(path, header.get("__metadata__"));
    header.delete("__metadata__");
    const { sizes, dtype, layers } = parseTensors(path, header);
    checkTiling(path, layers, data.byteLength);
    const network = emptyNetwork(path, sizes, neurons);
    for (const [i, values] of arraysOf(network).entries()) copyValues(path, layers[i], data, values);
    return { network, cost, precision: dtype === "F32" ? "float32" : "float64", metadata };
  },
};

/** The length and the header, padded with spaces so that the data begin at a multiple of 8. */
function headerOf({ network, cost, precision, metadata }: Model): Buffer {
  const { sizes, activation, output } = network;
  const dtype = dtypeOf(precision);
  const header: Record<string, unknown> = {
    __metadata__: { activation, output, cost, ...metadataToStrings(metadata) },
  };
  let end = 0;
  const add = (name: string, shape: number[]) => {
    const begin = end;
    end += DTYPES[dtype].bytes * shape.reduce((product, n) => product * n);
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  };
  for (const [l, n] of sizes.slice(1).entries()) {
    add(`layers.${l}.weight`, [n, sizes[l]]);
    add(`layers.${l}.bias`, [n]);
  }
  const json = Buffer.from(JSON.stringify(header));
  const bytes = Buffer.alloc(8 + 8 * Math.ceil(json.length / 8), " ");
  if (bytes.length - 8 > MAX_HEADER) {
    const expected = `a header of at most ${MAX_HEADER} bytes`;
    throw new ConfigurationError({ thing: "options and history of the model", expected, found: `${json.length}` });
  }
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8));
  json.copy(bytes, 8);
  return bytes;
}

/** Takes the file apart into the header's entries and the data. */
function split(path: string, bytes: Uint8Array): { header: Map<string, unknown>; data: DataView } {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  const most = Math.min(MAX_HEADER, bytes.length - 8);
  if (length > most) throw damaged(path, `a header of at most ${most} bytes`, `one that claims ${length}`);
  const start = 8 + Number(length);
  const header = parseJson(path, bytes.subarray(8, start));
  if (!isObject(header)) throw damaged(path, "a header that is a JSON object", excerpt(header));
  const data = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  return { header: new Map(Object.entries(header)), data };
}

function parseMetadata(
  path: string,
  metadata: unknown,
): Pick<Model, "cost" | "metadata"> & { neurons: NetworkOptions } {
  if (metadata !== undefined && !(isObject(metadata) && Object.values(metadata).every((v) => typeof v === "string"))) {
    throw damaged(path, "__metadata__ of strings", excerpt(metadata));
  }
  const strings = new Map(Object.entries((metadata ?? {}) as Record<string, string>));
  const named = ["activation", "output", "cost"].filter((key) => strings.has(key));
  if (named.length === 0) return { neurons: {}, cost: "quadratic", metadata: metadataFromStrings(path, strings) };
  const oneOf = (key: string, table: object) => {
    const name = strings.get(key) ?? "none";
    if (Object.hasOwn(table, name)) return name;
    throw damaged(path, `${Object.keys(table).join(" or ")} for ${key}`, excerpt(name));
  };
  const activation = oneOf("activation", ACTIVATIONS) as ActivationName;
  const output = oneOf("output", OUTPUTS) as OutputName;
  const cost = oneOf("cost", COSTS) as CostName;
  const { outputs }: Cost = COSTS[cost];
  if (!outputs.includes(output)) throw damaged(path, `output ${outputs.join(" or ")} for cost ${cost}`, output);
  return { neurons: { activation, output }, cost, metadata: metadataFromStrings(path, strings) };
}

/** @throws DataError at a NaN or an infinity */
function copyValues(path: string, { name, dtype, begin }: Tensor, data: DataView, values: Float64Array): void {
  const { get, bytes } = DTYPES[dtype];
  for (let i = 0; i < values.length; i++) {
    const value = get(data, begin + bytes * i);
    if (!Number.isFinite(value)) throw damaged(path, `finite numbers in ${name}`, `${value}`);
    values[i] = value;
  }
}
