/**
 * How the learning rate changes from epoch to epoch. Each is a pure function of the epochs before, so that a run can be resumed
 * anywhere.
 */
export interface Schedule {
  /** Which of the settings it takes. */
  takes: readonly (keyof ScheduleSettings)[];
  /** Whether it looks at the validation accuracy. */
  usesValidation: boolean;
  /** The learning rate of an epoch; undefined if training should end. */
  eta(progress: ScheduleProgress, settings: ScheduleSettings): number | undefined;
}

interface ScheduleProgress {
  /** The rate to start with. */
  eta: number;
  /** The epoch to come, from 1, and the number of epochs to be trained in all. */
  epoch: number;
  epochs: number;
  /** After each epoch so far, 0..1; only where `usesValidation`. */
  validation: readonly number[];
}

export interface ScheduleSettings {
  /** step: how many epochs each rate is kept; plateau: how many epochs without improvement are waited for. */
  scheduleEpochs: number;
  /** step, plateau: what the rate is multiplied by. */
  scheduleFactor: number;
  /** cosine: where the rate would end after the last epoch. */
  etaMin: number;
}

export const SCHEDULE_DEFAULTS: ScheduleSettings = { scheduleEpochs: 10, scheduleFactor: 0.5, etaMin: 0 };

/** The schedules, by the name that `--schedule` gives them. */
export const SCHEDULES = {
  /** The book's: eta as it is. */
  constant: { takes: [], usesValidation: false, eta: ({ eta }) => eta },

  /** Multiplied by the factor after every so many epochs. */
  step: {
    takes: ["scheduleEpochs", "scheduleFactor"],
    usesValidation: false,
    eta: ({ eta, epoch }, { scheduleEpochs, scheduleFactor }) =>
      eta * power(scheduleFactor, Math.floor((epoch - 1) / scheduleEpochs)),
  },

  /** Down half a wave of the cosine to etaMin, epoch by epoch (Loshchilov and Hutter, 2017, equation 5, without restarts). */
  cosine: {
    takes: ["etaMin"],
    usesValidation: false,
    eta: ({ eta, epoch, epochs }, { etaMin }) =>
      etaMin + ((eta - etaMin) * (1 + cosine((Math.PI * (epoch - 1)) / epochs))) / 2,
  },

  /**
   * Multiplied by the factor whenever the validation accuracy has not improved for so many epochs, and ends training when it has dropped
   * to 1/128 of where it started (Nielsen, chapter 3, the exercise on learning schedules).
   */
  plateau: {
    takes: ["scheduleEpochs", "scheduleFactor"],
    usesValidation: true,
    eta({ eta, validation }, { scheduleEpochs, scheduleFactor }) {
      let rate = eta;
      let best = Number.NEGATIVE_INFINITY;
      let waited = 0;
      for (const accuracy of validation) {
        waited = accuracy > best ? 0 : waited + 1;
        best = Math.max(best, accuracy);
        if (waited < scheduleEpochs) continue;
        rate *= scheduleFactor;
        waited = 0;
      }
      return rate > eta / 128 ? rate : undefined;
    },
  },
} satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;

/** x^n by products: the last bits of Math.pow and Math.cos differ between versions of Node, and these must not. */
function power(x: number, n: number): number {
  let product = 1;
  for (let i = 0; i < n; i++) product *= x;
  return product;
}

/** cos(x) by its Taylor series; within 1e-15 for 0 <= x <= pi. */
function cosine(x: number): number {
  let term = 1;
  let sum = 1;
  for (let i = 2; i <= 30; i += 2) {
    term *= (-x * x) / ((i - 1) * i);
    sum += term;
  }
  return sum;
}
