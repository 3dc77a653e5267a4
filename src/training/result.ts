import type { Part } from "../data/parts.js";
import type { Evaluation } from "./evaluation.js";
import type { StopReason } from "./stopping.js";

/** Where a run stands. */
export interface Progress {
  /** The running epoch, from 1. */
  epoch: number;
  /** Training examples so far, over the whole run. */
  examples: number;
  /** Training examples of the whole run. */
  total: number;
}

/** How the network does on the test examples after an epoch, and on the parts that are monitored. */
export interface EpochResult extends Evaluation {
  /** Counts from 1. */
  epoch: number;
  /** The learning rate that it was trained at. */
  eta: number;
  /** The monitored parts, each with its cost. */
  monitored: Partial<Record<Part, Evaluation>>;
  trainSeconds: number;
  evaluateSeconds: number;
}

export interface TrainResult {
  status: "done" | "interrupted";
  /** What ended it before its last epoch. */
  stoppedBy: StopReason | null;
  /** The epochs that were finished, in order. */
  epochs: EpochResult[];
  /** After which of them the network had the parameters that it has at the end: the last one, or with `patience` the best; null if it was interrupted. */
  keptEpoch: number | null;
  /** Training examples, those of an unfinished epoch included, and the seconds that training on them took. */
  examples: number;
  trainSeconds: number;
}

/** The first epoch of the highest accuracy on the test images: the choice flatters, because those images also measure it. */
export function bestOnTest(epochs: readonly EpochResult[]): EpochResult | undefined {
  return best(epochs, ({ accuracy }) => accuracy);
}

/** The first epoch of the highest validation accuracy, whose accuracy on the test images is the honest one; undefined without validation. */
export function bestOnValidation(epochs: readonly EpochResult[]): EpochResult | undefined {
  return best(epochs, ({ monitored }) => monitored.validation?.accuracy);
}

function best(epochs: readonly EpochResult[], accuracyOf: (epoch: EpochResult) => number | undefined) {
  let best: EpochResult | undefined;
  for (const epoch of epochs) {
    const accuracy = accuracyOf(epoch);
    if (accuracy !== undefined && !(best && (accuracyOf(best) as number) >= accuracy)) best = epoch;
  }
  return best;
}
