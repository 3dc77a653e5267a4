/** What a caller may ask of training: the tables of its settings, from which defaults, checks and types derive. */
import type { Part } from "../data/parts.js";
import { AUGMENTATION_SETTINGS } from "../distortion/augmentation.js";
import type { SimdChoice } from "../engines/engine.js";
import { ENGINES } from "../engines/engines.js";
import { HYPERPARAMETERS } from "../network/hyperparameters.js";
import type { Random } from "../network/random.js";
import { boolean, finiteAboveZero, namesOf, orInfinity, setting, type ValuesOf, wholeNumber } from "../ranges.js";
import type { EpochResult, Progress } from "./epochs.js";
import { SCHEDULE_SETTINGS, SCHEDULES } from "./schedule.js";
import type { RunState } from "./state.js";
import { STOPPING_SETTINGS } from "./stopping.js";

/** The defaults are the book's. */
export const TRAINING_SETTINGS = {
  /** The number of epochs: each trains once on every training example. */
  epochs: setting(30, wholeNumber(1)),
  /** The learning rate; with a schedule, the highest one. */
  eta: setting(3, finiteAboveZero),
  ...HYPERPARAMETERS,
  ...AUGMENTATION_SETTINGS,
  /** How the learning rate changes during the run. */
  schedule: setting("constant", namesOf(SCHEDULES)),
  ...SCHEDULE_SETTINGS,
  /** Whether each epoch takes the training examples in a new random order; false keeps their own order. */
  shuffle: setting(true, boolean),
  ...STOPPING_SETTINGS,
  engine: setting("fast", namesOf(ENGINES)),
  /** The number of epochs from one checkpoint to the next; Infinity for only the last. */
  checkpointEvery: setting(1, orInfinity(wholeNumber(1))),
};

export type TrainingValues = ValuesOf<typeof TRAINING_SETTINGS>;

export interface TrainOptions extends Partial<TrainingValues> {
  /** The generator of the order of the examples and of dropout's masks. Its seed is that of the distortions, too. */
  random?: Random;
  /** The parts whose cost and accuracy are worked out after every epoch; the test accuracy always is. */
  monitor?: readonly Part[];
  /** The engine's number of threads, by default the fastest one. No result depends on it. */
  threads?: number;
  /**
   * The width in bits of the fast engine's SIMD instructions, by default 128. No result depends on it. "auto" stands for 256 on x64 with AVX2
   * on Node 24 and 26, for which CI compares the results, and for 128 elsewhere. Before the first run with 256 bits, flags of V8 are set for
   * about 20 ms, and they hold for the whole process; this is why 256 bits must be asked for. `simd` of the result says which width was used.
   */
  simd?: SimdChoice;
  /** Ends the run early: the mini-batches in flight are finished, and the network keeps what it has learned. */
  signal?: AbortSignal;
  /** Called about fifty times per second. */
  onProgress?: (progress: Progress) => void;
  onEpoch?: (epoch: EpochResult) => void;
  /**
   * The state of an interrupted run with the same options, network and data, which this one continues. The network's parameters and
   * `random` are then not used. The run changes the state.
   */
  resume?: RunState;
  /** Called, and waited for, after every `checkpointEvery` epochs, after the last epoch and after an interruption; may keep the state. */
  onCheckpoint?: (state: RunState) => Promise<void>;
}
