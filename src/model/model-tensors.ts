/** A model as tensors, `layers.0.weight`, `layers.0.bias`, `layers.1.weight` and so on, and as metadata. */

import { arraysOf, type Parameters } from "../network/network.js";
import { damaged } from "./damaged.js";
import { emptyNetwork, type Model, type Precision } from "./format.js";
import { fromStrings, MODEL_METADATA, neuronsAndCost } from "./metadata.js";
import type { SafetensorsFile } from "./safetensors.js";
import { type Tensor, type TensorForm, type Tensors, take, tensorNamed } from "./tensors.js";

/** What decides the forms of the tensors: the neurons of each layer, input first, and the type of the numbers. */
export interface Layers {
  sizes: readonly number[];
  precision: Precision;
}

/**
 * The forms of the tensors of parameters, in the order of `arraysOf`: for each layer its weights (out, in) and its biases (out).
 *
 * @param prefix  begins each name
 */
export function layerForms({ sizes, precision }: Layers, prefix = ""): TensorForm[] {
  const dtype = precision === "float32" ? "F32" : "F64";
  return sizes.slice(1).flatMap((nOut, l) => [
    { name: `${prefix}layers.${l}.weight`, dtype, shape: [nOut, sizes[l]] },
    { name: `${prefix}layers.${l}.bias`, dtype, shape: [nOut] },
  ]);
}

export function layerTensors(layers: Layers, parameters: Parameters | null, prefix = ""): Tensor[] {
  if (parameters === null) return [];
  const arrays = arraysOf(parameters);
  return layerForms(layers, prefix).map((form, i) => ({ ...form, values: arrays[i] }));
}

/** @throws DataError unless the tensors are there, in the right forms */
export function takeParameters(path: string, tensors: Tensors, layers: Layers, prefix = ""): Parameters {
  const arrays = layerForms(layers, prefix).map((form) => take(path, tensors, form));
  return { weights: arrays.filter((_, i) => i % 2 === 0), biases: arrays.filter((_, i) => i % 2 === 1) };
}

/**
 * Reads a model; leaves the tensors that do not belong to it.
 *
 * @throws DataError if the tensors are not those of a network, or the metadata are not valid
 */
export function takeModel(path: string, { metadata, tensors }: SafetensorsFile): Model {
  const { cost, ...neurons } = neuronsAndCost(path, metadata);
  const layers = layersOf(path, tensors);
  const network = emptyNetwork(path, layers.sizes, neurons);
  Object.assign(network, takeParameters(path, tensors, layers));
  return { network, cost, precision: layers.precision, metadata: fromStrings(path, MODEL_METADATA, metadata) };
}

/** @throws DataError unless each matrix of weights has as many columns as the one before has rows */
function layersOf(path: string, tensors: Tensors): Layers {
  const { dtype, shape } = tensorNamed(path, tensors, "layers.0.weight");
  if (dtype === "I32") throw damaged(path, "F32 or F64 for layers.0.weight", dtype);
  const sizes = [shape[1]];
  for (let l = 0; tensors.has(`layers.${l}.weight`); l++) {
    const { name, shape } = tensorNamed(path, tensors, `layers.${l}.weight`);
    if (shape.length !== 2 || shape.includes(0)) throw damaged(path, `a matrix for ${name}`, `the shape [${shape}]`);
    if (shape[1] !== sizes[l]) throw damaged(path, `${sizes[l]} columns in ${name}`, `${shape[1]}`);
    sizes.push(shape[0]);
  }
  return { sizes, precision: dtype === "F32" ? "float32" : "float64" };
}
