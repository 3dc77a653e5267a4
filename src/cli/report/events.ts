/** What a training command tells: one union of events. Each form of output is a function of them. */
import type { Part } from "../../data/parts.js";
import type { EpochResult } from "../../training/epochs.js";
import type { Evaluation } from "../../training/evaluation.js";
import type { Statistics } from "../../training/statistics.js";
import type { StopReason } from "../../training/stopping.js";
import type { RunSettings } from "../flag-values.js";
import type { Figure } from "../presets.js";

/** Raised when a key of the NDJSON goes or changes its meaning. Keys may be added. */
export const SCHEMA = 2;

/** The results: with --json each is printed as it is, one per line. */
export type ResultEvent =
  | ({ event: "start"; schema: typeof SCHEMA } & RunSettings & ExampleCounts)
  | ({ event: "epoch" } & EpochFigures)
  /** One of several runs at its end. */
  | ({ event: "run" } & RunEnd)
  /** The test accuracies of several runs after an epoch. */
  | ({ event: "epochStatistics"; epoch: number } & Statistics)
  /** The last event of every command; `settings` is null if the command was refused before they were known. */
  | ({ event: "end"; settings: RunSettings | null } & RunEnd);

/** Everything else that the user is told meanwhile. */
export type MessageEvent =
  /** Before the data are read. */
  | ({ event: "opening" } & RunSettings)
  /** The current epoch or, of several runs, the number that are done; and the number of training examples so far, of all runs. */
  | { event: "progress"; epoch: number; runsDone: number; examples: number }
  | { event: "note"; text: string };

export type RunEvent = ResultEvent | MessageEvent;

export interface ExampleCounts {
  trainingExamples: number;
  validationExamples: number;
  testExamples: number;
}

/** An evaluation without the number of answers of each class. */
export type Figures = Omit<Evaluation, "answers">;

/** An epoch as it is printed: the monitored parts stand beside the test accuracy. */
export interface EpochFigures
  extends Omit<EpochResult, "answers" | "cost" | "monitored">,
    Partial<Record<Part, Figures>> {}

/** A run at its end, or the mean of several; null where there is nothing to tell. */
export interface RunEnd {
  status: "done" | "interrupted" | "diverged" | "failed";
  /** Why the run ended before its last epoch. */
  stoppedBy: StopReason | null;
  /** The number of finished epochs; of several runs, of the longest. */
  epochs: number;
  /** The epoch after which the network had the weights that it has at the end. */
  keptEpoch: number | null;
  /** The accuracy on the test images after the last epoch, and after the best one. */
  accuracy: number | null;
  bestAccuracy: number | null;
  bestEpoch: number | null;
  /** The accuracy on the test images after the epoch that did best on the validation images. */
  honestAccuracy: number | null;
  honestEpoch: number | null;
  /** The accuracy on the validation images after that epoch. */
  validationAccuracy: number | null;
  /** Cost and accuracy of the monitored parts after the last epoch. */
  monitored: Partial<Record<Part, Figures>>;
  /** The accuracy that the preset is known for, and the accuracy that this run reached. */
  presetResult: (Omit<Figure, "accuracy"> & { expected: number; actual: number | null }) | null;
  /** The spread of the accuracies of several runs. */
  statistics: { accuracy: Statistics; honestAccuracy: Statistics | null; presetResult: Statistics | null } | null;
  /** Since the program started. */
  seconds: number;
  /** In training, without evaluation. */
  examplesPerSecond: number | null;
  weightsSha256: string | null;
  /** The classes of the test labels that the network does not answer for any test image at the end. */
  neverPredicted: number[];
  error: string | null;
  seed: number | null;
}

/** The lines of an event for standard output. */
export type Form = (event: ResultEvent | Extract<MessageEvent, { event: "opening" }>) => string[];
