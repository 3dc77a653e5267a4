/** Schedules: how the learning rate changes from epoch to epoch. */
import { betweenZeroAndOne, finiteFromZero, setting, type ValuesOf, wholeNumber } from "../ranges.js";

/** A schedule is a pure function of the epochs before, so that a run can be resumed after any of them. */
export interface Schedule {
  /** The names of the settings that it takes. */
  takes: readonly (keyof ScheduleSettings)[];
  /** Whether it depends on the validation accuracy. */
  usesValidation?: boolean;
  /** The learning rate of an epoch, or undefined if training should end before it. */
  eta(progress: ScheduleProgress, settings: ScheduleSettings): number | undefined;
}

interface ScheduleProgress {
  /** The learning rate of the first epoch. */
  eta: number;
  /** The next epoch, counting from 1, and the number of epochs of the whole run. */
  epoch: number;
  epochs: number;
  /** The validation accuracy after each epoch so far, 0..1; empty unless `usesValidation`. */
  validation: readonly number[];
}

export const SCHEDULE_SETTINGS = {
  /** step: the number of epochs that each rate lasts; plateau: the number of epochs to wait for an improvement. */
  scheduleEpochs: setting(10, wholeNumber(1)),
  /** step, plateau: what the rate is multiplied by. */
  scheduleFactor: setting(0.5, betweenZeroAndOne),
  /** cosine: where the rate would be after the last epoch; below eta. */
  etaMin: setting(0, finiteFromZero),
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

  /** Follows half a period of the cosine down to etaMin (Loshchilov and Hutter, 2017, equation 5, without restarts). */
  cosine: {
    takes: ["etaMin"],
    eta: ({ eta, epoch, epochs }, { etaMin }) =>
      etaMin + ((eta - etaMin) * (1 + cosine((Math.PI * (epoch - 1)) / epochs))) / 2,
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

/** cos(x) by its Taylor series, within 1e-15 for 0 <= x <= pi. The last bits of Math.cos differ between versions of Node. */
function cosine(x: number): number {
  let [term, sum] = [1, 1];
  for (let i = 2; i <= 30; i += 2) {
    term *= (-x * x) / ((i - 1) * i);
    sum += term;
  }
  return sum;
}
