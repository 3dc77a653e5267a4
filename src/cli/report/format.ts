import type { EpochResult } from "../../training/result.js";
import type { EpochStatistics, RunEnd } from "./run-end.js";

/** What a run is asked to do; null where nothing is asked. */
export interface RunSettings {
  version: string;
  preset: string | null;
  layers: readonly number[];
  activation: string;
  output: string;
  init: string;
  epochs: number;
  batchSize: number;
  eta: number;
  cost: string;
  schedule: string;
  scheduleEpochs: number | null;
  scheduleFactor: number | null;
  etaMin: number | null;
  seed: number;
  shuffle: boolean;
  runs: number;
  lambda: number;
  l1: number;
  momentum: number;
  dropout: number;
  maxNorm: number | null;
  monitor: readonly string[];
  patience: number | null;
  targetAccuracy: number | null;
  minAccuracy: number | null;
  engine: string;
  threads: number;
  /** How many epochs the checkpoint had behind it that this run goes on from. */
  resumedEpochs: number | null;
}

/** A run before its first epoch. */
export interface RunStart extends RunSettings {
  trainingExamples: number;
  validationExamples: number;
  testExamples: number;
}

/** What a run prints on standard output, as lines. */
export interface Format {
  /** Before the data are read. */
  opening(settings: RunSettings): string[];
  start(run: RunStart): string[];
  epoch(result: EpochResult, settings: RunSettings): string[];
  /** One of several runs at its end. */
  run(end: RunEnd, settings: RunSettings): string[];
  statistics(epoch: EpochStatistics, settings: RunSettings): string[];
  end(end: RunEnd, settings: RunSettings): string[];
}
