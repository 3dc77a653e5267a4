import type { Dataset } from "../data/dataset.js";
import { PARTS, type Part } from "../data/parts.js";
import type { CreateEngine } from "../engines/engine.js";
import { ENGINES, type EngineName } from "../engines/engines.js";
import { ConfigurationError, checkInstance, checkName } from "../errors.js";
import { COSTS, checkCost } from "../network/cost.js";
import { check, checkHyperparameters, DEFAULTS, type Hyperparameters } from "../network/hyperparameters.js";
import { checkSizes, type Network, type NetworkOptions } from "../network/network.js";
import { Random } from "../network/random.js";
import { checkFit } from "./fit.js";
import type { EpochResult, Progress } from "./result.js";
import { SCHEDULE_DEFAULTS, SCHEDULES, type Schedule, type ScheduleName, type ScheduleSettings } from "./schedule.js";
import { type RunState, unmetDemand } from "./state.js";

/** How to train. The defaults are the book's. */
export interface TrainOptions extends Partial<Hyperparameters>, Partial<ScheduleSettings> {
  /** Passes over the training examples, 1 or more. */
  epochs?: number;
  /** The learning rate, above 0; to start with, if there is a schedule. */
  eta?: number;
  schedule?: ScheduleName;
  /** Whether each epoch takes the training examples in a new random order; false keeps the order that they have. */
  shuffle?: boolean;
  /** Where that order, and the masks of dropout, come from. */
  random?: Random;
  /** On which parts cost and accuracy are worked out after every epoch; the test accuracy always is. */
  monitor?: readonly Part[];
  /** Ends the run when the validation accuracy has not improved for so many epochs, and gives back the parameters of the best one. */
  patience?: number;
  /** Ends the run as soon as the test accuracy reaches this, 0..1. */
  targetAccuracy?: number;
  engine?: EngineName;
  /** How many threads the fast engine uses, by default as many as are fastest; no result depends on it. */
  threads?: number;
  /** Ends the run early: the mini-batches in flight are finished, and the network keeps what it has learned. */
  signal?: AbortSignal;
  /** Called some fifty times a second. */
  onProgress?: (progress: Progress) => void;
  /** Called after each epoch. */
  onEpoch?: (epoch: EpochResult) => void;
  /**
   * The state of a run of the same options, network and data, that this one goes on with to its last epoch; then neither the network's
   * parameters nor `random` count. It is the run's from then on.
   */
  resume?: RunState;
  /** Called, and waited for, after every so many epochs, after the last one, and when the run is interrupted; the state is the receiver's. */
  onCheckpoint?: (state: RunState) => Promise<void>;
  checkpointEvery?: number;
}

/** The options of a run with every default in its place. */
export type Settings = ReturnType<typeof withDefaults> & { createEngine: CreateEngine };

/** What of a network decides how it can be trained. */
type NetworkShape = Pick<Network, "sizes"> & NetworkOptions;

/** Fills in the defaults; whatever needs the validation accuracy has it monitored. */
function withDefaults(options: TrainOptions, sizes: readonly number[]) {
  const { patience = Number.POSITIVE_INFINITY, targetAccuracy = Number.POSITIVE_INFINITY, ...given } = defined(options);
  const { checkpointEvery = 1 } = given;
  const { epochs = 30, eta = 3, schedule = "constant", shuffle = true, engine = "fast" } = given;
  const { batchSize = DEFAULTS.batchSize, threads = ENGINES[engine]?.threads(sizes, batchSize) ?? 1 } = given;
  const monitor = new Set(given.monitor);
  if (patience < Number.POSITIVE_INFINITY || usesValidation(schedule)) monitor.add("validation");
  return {
    ...DEFAULTS,
    ...SCHEDULE_DEFAULTS,
    ...given,
    epochs,
    eta,
    schedule,
    shuffle,
    engine,
    threads,
    patience,
    targetAccuracy,
    monitor,
    checkpointEvery,
  };
}

/** An option that is undefined is one that is not given. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function usesValidation(schedule: ScheduleName): boolean {
  return (SCHEDULES[schedule] as Schedule | undefined)?.usesValidation ?? false;
}

/**
 * Whether such a network can be trained on `data` so: what `train` checks first, for callers who would rather know before they make
 * the network.
 *
 * @throws ConfigurationError if not
 */
export function checkTraining(network: NetworkShape, data: Dataset, options: TrainOptions = {}): Settings {
  checkInstance("options", options, Object);
  const settings = withDefaults(options, network.sizes);
  checkSizes(network.sizes);
  checkFit(network.sizes, data);
  checkHyperparameters(settings, data.training.labels.length);
  checkName("cost", settings.cost, Object.keys(COSTS));
  checkCost(settings.cost, network.output ?? "sigmoid");
  checkHidden(network, settings);
  checkRun(settings);
  checkSchedule(settings, options);
  checkObjects(options);
  const createEngine = checkEngine(network, data, settings);
  checkResume(settings, network, data);
  for (const part of settings.monitor) {
    checkName("monitor", part, PARTS);
    if (data[part].labels.length > 0) continue;
    const needed = part === "validation" && !options.monitor?.includes(part);
    const thing = needed ? "patience or schedule plateau" : `monitor ${part}`;
    const remedy = part === "validation" ? "hold some out for it" : undefined;
    throw new ConfigurationError({ thing, expected: `${part} images`, found: "none", remedy });
  }
  return { ...settings, createEngine };
}

function checkRun(settings: ReturnType<typeof withDefaults>): void {
  const { epochs, eta, patience, targetAccuracy } = settings;
  const isCount = (n: number) => n >= 1 && (Number.isInteger(n) || n === Number.POSITIVE_INFINITY);
  check("epochs", epochs, Number.isInteger(epochs) && epochs >= 1, "a whole number from 1");
  check("eta", eta, eta > 0 && eta < Number.POSITIVE_INFINITY, "a finite number above 0");
  check("checkpoint every", settings.checkpointEvery, isCount(settings.checkpointEvery), "a whole number from 1");
  check("patience", patience, isCount(patience), "a whole number from 1");
  const isTarget = targetAccuracy > 0 && (targetAccuracy <= 1 || targetAccuracy === Number.POSITIVE_INFINITY);
  check("target accuracy", targetAccuracy, isTarget, "a number above 0, up to 1");
}

/** A schedule takes its own settings, and no others. */
function checkSchedule(settings: ReturnType<typeof withDefaults>, given: TrainOptions): void {
  const { schedule: name, eta, scheduleEpochs, scheduleFactor, etaMin } = settings;
  checkName("schedule", name, Object.keys(SCHEDULES));
  for (const key of Object.keys(SCHEDULE_DEFAULTS) as (keyof ScheduleSettings)[]) {
    const takers = Object.entries<Schedule>(SCHEDULES).flatMap(([name, { takes }]) =>
      takes.includes(key) ? name : [],
    );
    if (given[key] === undefined || takers.includes(name)) continue;
    const expected = `schedule ${takers.join(" or ")}`;
    throw new ConfigurationError({ thing: WORDS[key], expected, found: `schedule ${name}` });
  }
  const isCount = Number.isInteger(scheduleEpochs) && scheduleEpochs >= 1;
  check(WORDS.scheduleEpochs, scheduleEpochs, isCount, "a whole number from 1");
  check(WORDS.scheduleFactor, scheduleFactor, scheduleFactor > 0 && scheduleFactor < 1, "a number between 0 and 1");
  check(WORDS.etaMin, etaMin, etaMin >= 0 && etaMin < eta, `a number from 0 to below eta, ${eta}`);
}

const WORDS = { scheduleEpochs: "schedule epochs", scheduleFactor: "schedule factor", etaMin: "eta min" } as const;

/** What is meant for hidden neurons, or for several outputs, needs them. */
function checkHidden({ sizes, activation, output }: NetworkShape, { dropout }: ReturnType<typeof withDefaults>): void {
  const layers = `layers ${sizes.join(",")}`;
  for (const [thing, isAsked] of [
    [`activation ${activation}`, activation !== undefined && activation !== "sigmoid"],
    [`dropout ${dropout}`, dropout > 0],
  ] as const) {
    if (!isAsked || sizes.length > 2) continue;
    throw new ConfigurationError({
      thing,
      expected: "a hidden layer",
      found: layers,
      remedy: "add one, or leave the option out",
    });
  }
  if (output === "softmax" && sizes[sizes.length - 1] === 1) {
    throw new ConfigurationError({ thing: "output softmax", expected: "two output neurons or more", found: layers });
  }
}

function checkObjects({ random, signal, onProgress, onEpoch, onCheckpoint }: TrainOptions): void {
  if (random !== undefined) checkInstance("random", random, Random);
  if (signal !== undefined) checkInstance("signal", signal, AbortSignal);
  for (const [name, callback] of Object.entries({ onProgress, onEpoch, onCheckpoint })) {
    if (callback !== undefined) checkInstance(name, callback, Function);
  }
}

function checkEngine(network: NetworkShape, data: Dataset, settings: ReturnType<typeof withDefaults>): CreateEngine {
  const { engine, threads } = settings;
  checkName("engine", engine, Object.keys(ENGINES));
  const isCount = Number.isInteger(threads) && threads >= 1 && threads <= 64;
  check("threads", threads, isCount, "a whole number from 1 to 64");
  return ENGINES[engine].check({ network, data, settings });
}

function checkResume(settings: ReturnType<typeof withDefaults>, { sizes }: NetworkShape, data: Dataset): void {
  const expected = settings.resume && unmetDemand(settings.resume, sizes, data, settings);
  if (expected) throw new ConfigurationError({ thing: "resume", expected, found: "that of another" });
}
