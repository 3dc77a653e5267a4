/** What a model is, and its parameters as tensors: `layers.0.weight`, `layers.0.bias`, `layers.1.weight` and so on. */
import type { Precision } from "../engines/engine.js";
import { ConfigurationError, DataError } from "../errors.js";
import type { CostName } from "../network/cost.js";
import { Network, type NetworkOptions, type Parameters } from "../network/network.js";
import { damaged, excerpt } from "./damaged.js";
import { fromStrings, MODEL_METADATA, type ModelMetadata, neuronsAndCost } from "./metadata.js";
import { type SafetensorsFile, type Tensor, type TensorForm, type Tensors, tensorNamed } from "./safetensors.js";

/** A network, and what is known about it. */
export interface Model {
  network: Network;
  /** The cost that training made small. */
  cost: CostName;
  /** The type of the numbers in which the network was trained. All parameters of a float32 model are exactly float32 numbers. */
  precision: Precision;
  metadata: ModelMetadata;
}

/** The properties of a model that are known before training. They decide whether a file format can hold it. */
export interface ModelShape extends Pick<Model, "cost" | "precision"> {
  network: Pick<Network, "sizes" | "activation" | "output">;
}

/** What decides the forms of the tensors. */
export type Layers = Pick<Network, "sizes"> & Pick<Model, "precision">;

/** Parameters as tensors, in the order of `arraysOf`: for each layer its weights (out, in) and biases (out). */
export function layerForms({ sizes, precision }: Layers, prefix = ""): TensorForm[] {
  const dtype = precision === "float32" ? "F32" : "F64";
  return sizes.slice(1).flatMap((nOut, l) => [
    { name: `${prefix}layers.${l}.weight`, dtype, shape: [nOut, sizes[l]] },
    { name: `${prefix}layers.${l}.bias`, dtype, shape: [nOut] },
  ]);
}

/** @throws DataError unless each matrix of weights has as many columns as the one before has rows */
export function layersOf(path: string, tensors: Tensors): Layers {
  const { dtype, shape } = tensorNamed(path, tensors, "layers.0.weight");
  if (dtype === "I32") throw damaged(path, "F32 or F64 for layers.0.weight", dtype);
  const sizes = [shape[1]];
  for (let l = 0; tensors.has(`layers.${l}.weight`); l++) {
    const { name, shape } = tensorNamed(path, tensors, `layers.${l}.weight`);
    const isMatrix = shape.length === 2 && !shape.includes(0);
    if (!isMatrix) throw damaged(path, `a matrix for ${name}`, `the shape ${excerpt(shape)}`);
    if (shape[1] !== sizes[l]) throw damaged(path, `${sizes[l]} columns in ${name}`, `${shape[1]}`);
    sizes.push(shape[0]);
  }
  return { sizes, precision: dtype === "F32" ? "float32" : "float64" };
}

/** The parameters among the tensors of a file, which `checkTensors` has checked. */
export function parametersFrom(tensors: Tensors, layers: Layers, prefix = ""): Parameters {
  const arrays = layerForms(layers, prefix).map(({ name }) => (tensors.get(name) as Tensor).values);
  return { weights: arrays.filter((_, i) => i % 2 === 0), biases: arrays.filter((_, i) => i % 2 === 1) };
}

/** @throws DataError if the metadata are not valid; the tensors must have been checked */
export function modelFrom(path: string, { metadata, tensors }: SafetensorsFile, layers: Layers): Model {
  const { cost, ...neurons } = neuronsAndCost(path, metadata);
  const network = emptyNetwork(path, layers.sizes, neurons);
  Object.assign(network, parametersFrom(tensors, layers));
  return { network, cost, precision: layers.precision, metadata: fromStrings(path, MODEL_METADATA, metadata) };
}

/** A network of zeros for parameters that a file is known to hold. @throws DataError if it does not fit into memory */
export function emptyNetwork(path: string, sizes: readonly number[], neurons?: NetworkOptions): Network {
  try {
    return new Network(sizes, neurons);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new DataError({ thing: path, expected: "a network for this machine", found: cause.message }, { cause });
  }
}
