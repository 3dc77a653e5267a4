/** Schedules: how the learning rate changes from mini-batch to mini-batch, or from epoch to epoch. */
import { cos } from "../network/elementary.js";
import {
  betweenZeroAndOne,
  finiteFromZero,
  fromZeroToBelowOne,
  setting,
  type ValuesOf,
  wholeNumber,
} from "../ranges.js";

/** A schedule is a pure function of what the run has done so far, so that a run can be resumed at any mini-batch. */
export interface Schedule {
  /** The names of the settings that it takes. */
  takes: readonly (keyof ScheduleSettings)[];
  /** Whether it depends on the validation accuracy. */
  usesValidation?: boolean;
  /** Whether the rate changes from mini-batch to mini-batch and depends on the length of the run. Otherwise it changes from epoch to epoch. */
  isByMiniBatch?: boolean;
  /** The learning rate of a mini-batch or of an epoch; undefined if training should end before it. */
  eta(progress: ScheduleProgress, settings: ScheduleSettings): number | undefined;
}

interface ScheduleProgress {
  /** The highest learning rate: that of the first epoch or, with a warm-up, that at its end. */
  eta: number;
  /** The current epoch, counting from 1. */
  epoch: number;
  /** The number of mini-batches so far, divided by the number of mini-batches of the whole run: from 0 to below 1. */
  time: number;
  /** The validation accuracy after each epoch so far, 0..1; empty unless `usesValidation`. */
  validation: readonly number[];
}

export const SCHEDULE_SETTINGS = {
  /** step: the number of epochs that each rate lasts; plateau: the number of epochs to wait for an improvement. */
  scheduleEpochs: setting(10, wholeNumber(1)),
  /** step, plateau: what the rate is multiplied by. */
  scheduleFactor: setting(0.5, betweenZeroAndOne),
  /** linear, cosine: the rate towards which it falls; below eta. */
  etaMin: setting(0, finiteFromZero),
  /** linear, cosine: the share of the run's mini-batches during which the rate rises to eta, before it falls. */
  warmup: setting(0, fromZeroToBelowOne),
};

export type ScheduleSettings = ValuesOf<typeof SCHEDULE_SETTINGS>;

/** The schedules, by the name that `--schedule` gives them. */
export const SCHEDULES = {
  /** The same rate in every epoch, as in the book. */
  constant: { takes: [], eta: ({ eta }) => eta },

  /** Multiplies the rate by a factor after every `scheduleEpochs` epochs. */
  step: {
    takes: ["scheduleEpochs", "scheduleFactor"],
    eta({ eta, epoch }, { scheduleEpochs, scheduleFactor }) {
      let factor = 1; // a product, because the last bits of Math.pow differ between versions of Node
      for (let next = 1 + scheduleEpochs; next <= epoch; next += scheduleEpochs) factor *= scheduleFactor;
      return eta * factor;
    },
  },

  /** Falls along a straight line to etaMin. */
  linear: {
    takes: ["etaMin", "warmup"],
    isByMiniBatch: true,
    eta: (progress, settings) => risingAndFalling(progress, settings, (time) => 1 - time),
  },

  /** Falls along half a period of the cosine to etaMin (Loshchilov and Hutter, 2017, equation 5, without restarts). */
  cosine: {
    takes: ["etaMin", "warmup"],
    isByMiniBatch: true,
    eta: (progress, settings) => risingAndFalling(progress, settings, (time) => (1 + cos(Math.PI * time)) / 2),
  },

  /**
   * Multiplies the rate by a factor whenever the validation accuracy has not improved for `scheduleEpochs` epochs, and ends
   * training when the rate has fallen to 1/128 of the first one (Nielsen, chapter 3, the exercise on learning schedules).
   */
  plateau: {
    takes: ["scheduleEpochs", "scheduleFactor"],
    usesValidation: true,
    eta({ eta, validation }, { scheduleEpochs, scheduleFactor }) {
      let [rate, best, waited] = [eta, Number.NEGATIVE_INFINITY, 0];
      for (const accuracy of validation) {
        if (accuracy > best) [best, waited] = [accuracy, 0];
        else if (++waited === scheduleEpochs) [rate, waited] = [rate * scheduleFactor, 0];
      }
      return rate > eta / 128 ? rate : undefined;
    },
  },
} satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;

/**
 * Rises to `eta` during the share `warmup` of the run, starting from a twentieth of it, and then falls to `etaMin`.
 *
 * @param fall  from 1 to 0, for the time 0..1 since the rate began to fall
 */
function risingAndFalling(
  { eta, time }: ScheduleProgress,
  { etaMin, warmup }: ScheduleSettings,
  fall: (time: number) => number,
): number {
  if (time < warmup) return eta * (0.05 + (0.95 * time) / warmup);
  return etaMin + (eta - etaMin) * fall((time - warmup) / (1 - warmup));
}
