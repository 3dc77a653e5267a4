/**
 * The network of Michael Nielsen's "Neural Networks and Deep Learning", as a library: what `import ... from "bp-train"` gives.
 *
 * @module
 */
export { type Dataset, type DatasetOptions, type Examples, loadDataset, PACKAGE_DATA } from "./data/dataset.js";
export { Images } from "./data/images.js";
export { SparseVector } from "./data/sparse-vector.js";
export { BpTrainError, ConfigurationError, DataError, DivergedError } from "./errors.js";
export { Network, type Parameters } from "./network/network.js";
export { Random } from "./network/random.js";
export type { EngineName, Evaluation } from "./training/engine.js";
export { TextbookEngine } from "./training/textbook.js";
export {
  checkTraining,
  type EpochResult,
  type Progress,
  type TrainOptions,
  type TrainResult,
  train,
} from "./training/train.js";
