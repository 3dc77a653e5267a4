import type { EpochResult } from "../../training/result.js";
import type { RunEnd } from "./run-end.js";

/** What a run is asked to do. */
export interface RunSettings {
  version: string;
  layers: readonly number[];
  epochs: number;
  batchSize: number;
  eta: number;
  seed: number;
  shuffle: boolean;
  engine: string;
  threads: number;
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
  end(end: RunEnd, settings: RunSettings): string[];
}
