/** What a run reports while it goes on: its progress and its epochs. */
import type { Part } from "../data/parts.js";
import type { Evaluation } from "./evaluation.js";

export interface Progress {
  /** The current epoch, counting from 1. */
  epoch: number;
  /** The number of training examples so far, over the whole run. */
  examples: number;
  /** The number of training examples of the whole run. */
  total: number;
}

/** An epoch, counting from 1, and the evaluation of the test examples after it. */
export interface EpochResult extends Evaluation {
  epoch: number;
  /** The learning rate of the epoch's last mini-batch. */
  eta: number;
  /** The evaluations of the monitored parts, with their costs. */
  monitored: Partial<Record<Part, Evaluation>>;
  trainSeconds: number;
  evaluateSeconds: number;
}

/** The first epoch with the best accuracy on the test images. It flatters: the images that choose it also measure it. */
export function bestOnTest(epochs: readonly EpochResult[]): EpochResult | undefined {
  return best(epochs, ({ accuracy }) => accuracy);
}

/** The first epoch with the best validation accuracy; its accuracy on the test images is honest. Undefined without validation. */
export function bestOnValidation(epochs: readonly EpochResult[]): EpochResult | undefined {
  return best(epochs, ({ monitored }) => monitored.validation?.accuracy ?? -1);
}

function best(epochs: readonly EpochResult[], accuracyOf: (epoch: EpochResult) => number) {
  let best: EpochResult | undefined;
  let highest = -1;
  for (const epoch of epochs) {
    const accuracy = accuracyOf(epoch);
    if (accuracy > highest) [best, highest] = [epoch, accuracy];
  }
  return best;
}
