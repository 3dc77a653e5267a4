/** What a training command tells: one union of events. Each form of output is a function of them. */
import type { Part } from "../../data/parts.js";
import type { Statistics } from "../../training/statistics.js";
import type { RunSettings } from "../flag-values.js";
import type { EpochFigures, RunEnd } from "./run-end.js";

/** Raised when a key of the NDJSON goes or changes its meaning. Keys may be added. */
export const SCHEMA = 2;

/** The results: with --json each is printed as it is, one per line. */
type ResultEvent =
  | ({ event: "start"; schema: typeof SCHEMA } & RunSettings & Record<`${Part}Examples`, number>)
  | ({ event: "epoch" } & EpochFigures)
  | ({ event: "run" } & RunEnd)
  | ({ event: "epochStatistics"; epoch: number } & Statistics)
  /** `settings` is null if the command was refused before they were known. */
  | ({ event: "end"; settings: RunSettings | null } & RunEnd);

/** Everything else that the user is told meanwhile. */
type MessageEvent =
  /** Before the data are read. */
  | ({ event: "opening" } & RunSettings)
  /** The current epoch or, of several runs, the number that are done; and the number of training examples so far, of all runs. */
  | { event: "progress"; epoch: number; runsDone: number; examples: number }
  | { event: "note"; text: string };

export type RunEvent = ResultEvent | MessageEvent;

/** The lines of an event for standard output. */
export type Form = (event: ResultEvent | Extract<MessageEvent, { event: "opening" }>) => string[];
