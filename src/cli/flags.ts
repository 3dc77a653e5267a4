import type { Part } from "../data/parts.js";
import type { EngineName } from "../engines/engines.js";
import type { ActivationName } from "../network/activation.js";
import type { CostName } from "../network/cost.js";
import type { InitName } from "../network/init.js";
import type { OutputName } from "../network/output.js";
import type { CheckName } from "../training/gradient-check.js";
import type { ScheduleName } from "../training/schedule.js";
import type { Threads } from "./parsers.js";

/** Which network, and how it is trained: the flags that `bp-train`, `bench` and `check` share. */
export interface ModelFlags {
  layers: number[];
  activation: ActivationName;
  output: OutputName;
  batchSize: number;
  eta: number;
  cost: CostName;
  lambda: number;
  l1: number;
  momentum: number;
  dropout: number;
  maxNorm?: number;
  data?: string;
  validation: number;
  engine: EngineName;
  threads: Threads;
  json: boolean;
  color: boolean;
}

/** What `bp-train` is asked to do: every flag of training with its value or default. */
export interface TrainFlags extends ModelFlags {
  preset?: string;
  init: InitName;
  epochs: number;
  schedule: ScheduleName;
  scheduleEpochs?: number;
  scheduleFactor?: number;
  etaMin?: number;
  seed: number;
  shuffle: boolean;
  runs: number;
  trainSize?: number;
  monitor?: Part[];
  patience?: number;
  targetAccuracy?: number;
  minAccuracy?: number;
  save?: string;
  initFrom?: string;
  checkpoint?: string;
  checkpointEvery?: number;
  resume?: string;
  force: boolean;
  quiet: boolean;
  progress: boolean;
}

/** What `bp-train bench` is asked to do. */
export interface BenchFlags extends ModelFlags {
  compareEngines: boolean;
  saveBaseline?: string;
  baseline?: string;
  maxSlowdown: number;
  force: boolean;
}

/** What `bp-train check` is asked to do. */
export interface CheckFlags extends Omit<ModelFlags, "engine"> {
  init: InitName;
  seed: number;
  break?: CheckName;
}

/** What `bp-train evaluate` is asked to do, the model apart. */
export interface EvaluateFlags {
  on: Part;
  data?: string;
  validation: number;
  trainSize?: number;
  worst: number;
  json: boolean;
  color: boolean;
}

/** What `bp-train predict` is asked to do, the model and the images apart. */
export interface PredictFlags {
  index?: number[];
  data?: string;
  top?: number;
  show: boolean;
  json: boolean;
  color: boolean;
}

/** What `bp-train convert` is asked to do. */
export interface ConvertFlags {
  force: boolean;
}

/** What `bp-train info` is asked to do. */
export interface InfoFlags {
  json: boolean;
}

/** What `bp-train presets` is asked to do. */
export interface PresetsFlags {
  json: boolean;
  color: boolean;
}

/** A flag as it is typed: `--max-norm` for maxNorm. */
export function typed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
