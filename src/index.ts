/**
 * The network of Michael Nielsen's "Neural Networks and Deep Learning", as a library: what `import ... from "bp-train"` gives.
 *
 * @module
 */
export { type Dataset, type DatasetOptions, type Examples, loadDataset } from "./data/dataset.js";
export { toField } from "./data/digit.js";
export { PACKAGE_DATA } from "./data/folder.js";
export { Images } from "./data/images.js";
export { decodePng, type GreyImage, readPng } from "./data/png.js";
export {
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
  type AugmentationSettings,
} from "./distortion/augmentation.js";
export { Distortion, type Draw } from "./distortion/distortion.js";
export type { SimdChoice, SimdWidth } from "./engines/engine.js";
export type { EngineName } from "./engines/engines.js";
export { TextbookEngine } from "./engines/textbook/textbook-engine.js";
export { BpTrainError, ConfigurationError, DataError, DivergedError, OutputError } from "./errors.js";
export {
  checkModelPlace,
  type Model,
  type ModelMetadata,
  type ModelShape,
  readModel,
  writeModel,
} from "./model/model.js";
export { ACTIVATIONS, type Activation, type ActivationName } from "./network/activation.js";
export { COSTS, type Cost, type CostName, checkCost } from "./network/cost.js";
export type { Hyperparameters } from "./network/hyperparameters.js";
export { INITS, type Init, type InitName } from "./network/init.js";
export { Network, type NetworkOptions, type Parameters } from "./network/network.js";
export { OUTPUTS, type Output, type OutputName } from "./network/output.js";
export { Random } from "./network/random.js";
export { type Assessment, assess, type Mistake } from "./training/assessment.js";
export { type ClassScore, type Confusion, classScores } from "./training/confusion.js";
export { bestOnTest, bestOnValidation, type EpochResult, type Progress } from "./training/epochs.js";
export type { Evaluation } from "./training/evaluation.js";
export type { TrainResult } from "./training/ongoing-run.js";
export type { TrainOptions } from "./training/options.js";
export { type Candidate, type Prediction, predict } from "./training/prediction.js";
export { type NetworkStart, type Run, type RunListener, type RunsOptions, trainRuns } from "./training/runs.js";
export { SCHEDULES, type ScheduleName, type ScheduleSettings } from "./training/schedule.js";
export { checkTraining, type NetworkShape, type Settings } from "./training/settings.js";
export { type Statistics, statistics } from "./training/statistics.js";
export { train } from "./training/train.js";
