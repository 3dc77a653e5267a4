/** What a training command tells: one union of events. Each form of output is a function of them. */
import type { Part } from "../../data/parts.js";
import type { Evaluation } from "../../training/evaluation.js";
import type { EpochResult } from "../../training/result.js";
import type { Statistics } from "../../training/statistics.js";
import type { RunSettings } from "../flag-values.js";
import type { RunEnd } from "./run-end.js";

/** Raised when a key of the NDJSON goes or changes its meaning. Keys may be added. */
export const SCHEMA = 1;

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

/** The lines of an event for standard output. */
export type Form = (event: ResultEvent | Extract<MessageEvent, { event: "opening" }>) => string[];
