/** Checks the options of a run once, and gives them back complete. */
import type { Dataset } from "../data/dataset.js";
import { PARTS, type Part } from "../data/parts.js";
import {
  AUGMENTATION_SETTINGS,
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationSettings,
} from "../distortion/augmentation.js";
import { checkSides } from "../distortion/distortion.js";
import type { CreateEngine, EngineTask } from "../engines/engine.js";
import { ENGINES, simdFor, threadsFor } from "../engines/engines.js";
import { ConfigurationError, checkInstance } from "../errors.js";
import { checkCost } from "../network/cost.js";
import { NETWORK_SETTINGS } from "../network/hyperparameters.js";
import { checkSizes, type Network, type NetworkOptions } from "../network/network.js";
import { Random } from "../network/random.js";
import { checkRange, checkSettings, defaultsOf, listOf, numbers, wholeNumber, words } from "../ranges.js";
import { checkFit } from "./fit.js";
import { TRAINING_SETTINGS, type TrainOptions, type TrainingValues as Values } from "./options.js";
import { SCHEDULE_SETTINGS, SCHEDULES, type Schedule } from "./schedule.js";
import { unmetRequirement } from "./state.js";

/** The options of a run, checked and complete. Only `checkTraining` makes them. */
export interface Settings extends Omit<TrainOptions, keyof Values>, Values {
  threads: number;
  /** The given parts, and validation where something depends on its accuracy. */
  monitor: Part[];
  createEngine: CreateEngine;
}

export type NetworkShape = Pick<Network, "sizes"> & NetworkOptions;

/**
 * Checks that such a network can be trained on `data` with these options. `train` does this first. Call it yourself to learn of a mistake
 * before you make the network.
 *
 * @throws ConfigurationError if it cannot
 */
export function checkTraining(network: NetworkShape, data: Dataset, options: TrainOptions = {}): Settings {
  checkInstance("options", options, Object);
  const given = withoutUndefined(options);
  const values = { ...defaultsOf(TRAINING_SETTINGS), ...given };
  checkSizes(network.sizes);
  checkFit(network.sizes, data);
  checkBounds(values, given, data.training.labels.length);
  checkSettings(TRAINING_SETTINGS, values);
  const shape = { ...defaultsOf(NETWORK_SETTINGS), ...withoutUndefined(network) };
  checkCost(values.cost, shape.output);
  checkHiddenLayer(shape, values);
  checkSchedule(values, given);
  checkAugmentation(values, data);
  checkObjects(given);
  const monitor = checkMonitor(values, given, data);
  const threads = threadsFor(values.engine, network.sizes, given.threads);
  simdFor(values.engine, given.simd); // refuses a width that is not available
  const settings = { ...values, monitor, threads };
  const createEngine = ENGINES[values.engine].check({ network: shape, data, settings });
  const unmet = values.resume && unmetRequirement(values.resume, network.sizes, data, values);
  if (unmet) throw new ConfigurationError({ thing: "resume", ...unmet });
  return { ...settings, createEngine };
}

/** An option that is undefined counts as not given. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function checkBounds({ batchSize, eta }: Values, { etaMin = 0 }: TrainOptions, n: number): void {
  const fitting = { ...wholeNumber(1, n), expected: `a whole number from 1 to ${n}, the training examples` };
  checkRange(`batch size ${batchSize}`, batchSize, fitting);
  const below = numbers(`a number from 0 to below eta, ${eta}`, (x) => x >= 0 && x < eta);
  if (etaMin !== 0) checkRange("eta min", etaMin, below);
}

function checkHiddenLayer({ sizes, activation, output }: EngineTask["network"], { dropout }: Values): void {
  const found = `layers ${sizes.join(",")}`;
  const hasActivation = activation !== NETWORK_SETTINGS.activation.default;
  if (sizes.length === 2 && (hasActivation || dropout > 0)) {
    const thing = hasActivation ? `activation ${activation}` : `dropout ${dropout}`;
    const remedy = "add one, or leave the option out";
    throw new ConfigurationError({ thing, expected: "a hidden layer", found, remedy });
  }
  if (output === "softmax" && sizes[sizes.length - 1] === 1) {
    throw new ConfigurationError({ thing: "output softmax", expected: "two output neurons or more", found });
  }
}

function checkSchedule({ schedule }: Values, given: TrainOptions): void {
  for (const name of Object.keys(SCHEDULE_SETTINGS) as (keyof typeof SCHEDULE_SETTINGS)[]) {
    const takes = (key: string) => (SCHEDULES as Record<string, Schedule>)[key].takes.includes(name);
    const usual = SCHEDULE_SETTINGS[name].default;
    if (given[name] === undefined || given[name] === usual || takes(schedule)) continue;
    const expected = `schedule ${Object.keys(SCHEDULES).filter(takes).join(" or ")}`;
    const remedy = `leave it out, or set it to ${usual}`;
    throw new ConfigurationError({ thing: words(name), expected, found: `schedule ${schedule}`, remedy });
  }
}

/** @throws ConfigurationError if the images are too large to be distorted, or the kind of distortion takes no strength */
export function checkAugmentation(
  { augment, augmentStrength }: AugmentationSettings,
  { training }: Pick<Dataset, "training">,
): void {
  const { rows, columns } = training.images;
  checkSides(augment, rows, columns);
  const { affine }: Augmentation = AUGMENTATIONS[augment];
  const usual = AUGMENTATION_SETTINGS.augmentStrength.default;
  if (affine || augmentStrength === usual) return;
  const [expected, found] = ["augment affine or elastic", `augment ${augment}`];
  const remedy = `leave it out, or set it to ${usual}`;
  throw new ConfigurationError({ thing: "augment strength", expected, found, remedy });
}

/** For callers without types. */
function checkObjects({ random, signal, ...given }: TrainOptions): void {
  if (random !== undefined) checkInstance("random", random, Random);
  if (signal !== undefined) checkInstance("signal", signal, AbortSignal);
  for (const name of ["onProgress", "onEpoch", "onCheckpoint"] as const) {
    if (given[name] !== undefined) checkInstance(name, given[name], Function);
  }
}

/** @returns the parts to monitor, each once, in the order of PARTS */
function checkMonitor({ patience, schedule }: Values, { monitor = [] }: TrainOptions, data: Dataset): Part[] {
  for (const part of monitor) checkRange("monitor", part, listOf(PARTS));
  const { usesValidation }: Schedule = SCHEDULES[schedule];
  const needsValidation = patience < Number.POSITIVE_INFINITY || usesValidation;
  const parts = PARTS.filter((part) => monitor.includes(part) || (part === "validation" && needsValidation));
  if (!parts.includes("validation") || data.validation.labels.length > 0) return parts;
  throw new ConfigurationError({
    thing: monitor.includes("validation") ? "monitor validation" : "patience or schedule plateau",
    expected: "validation images",
    found: "none",
    remedy: "hold some out for it",
  });
}
