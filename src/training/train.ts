import { setImmediate } from "node:timers/promises";
import type { Dataset } from "../data/dataset.js";
import { PARTS } from "../data/parts.js";
import type { Engine } from "../engines/engine.js";
import { checkInstance, DivergedError } from "../errors.js";
import { copy, Network } from "../network/network.js";
import { Random } from "../network/random.js";
import { Evaluator } from "./evaluation.js";
import { checkTraining, type Settings, type TrainOptions } from "./options.js";
import { bestOnValidation, type EpochResult, type TrainResult } from "./result.js";
import { SCHEDULES, type Schedule } from "./schedule.js";
import { Slices } from "./slices.js";
import { freshState, type RunState, snapshot } from "./state.js";

/**
 * Trains `network`, in place, by stochastic gradient descent (Nielsen, chapter 1; `SGD` in the book's program): in every epoch
 * the training examples are shuffled and cut into mini-batches, and then the test examples evaluated.
 *
 * Silent; gives the event loop a turn at least every 50 ms, but not within a mini-batch of the textbook engine. Does not change the data.
 *
 * @throws ConfigurationError if the network does not fit the data, or the options make no sense
 * @throws DivergedError as soon as a weight or bias is NaN or infinite
 */
export async function train(network: Network, data: Dataset, options: TrainOptions = {}): Promise<TrainResult> {
  checkInstance("network", network, Network);
  const settings = checkTraining(network, data, options);
  const run = await startRun(network, data, settings);
  const { state, random, engine, lap } = run;
  const { finished } = state;
  let stoppedBy = reasonToStop(finished, settings);
  try {
    for (let epoch = finished.length + 1; epoch <= settings.epochs && !stoppedBy; epoch++) {
      const eta = nextEta(finished, settings) as number; // without one, it would have been stopped
      if (state.position === null) {
        if (settings.shuffle) random.shuffle(state.order);
        if (settings.dropout > 0) state.maskSeed = random.uint32();
        state.position = 0;
      }
      await trainEpoch(run, epoch, eta);
      const evaluation = await evaluateAll(run);
      if (!evaluation) {
        await checkpoint(run);
        return resultOf(state, "interrupted");
      }
      finished.push({ epoch, eta, ...evaluation, trainSeconds: state.trainSeconds, evaluateSeconds: lap() });
      [state.position, state.trainSeconds] = [null, 0];
      if (state.best && bestOnValidation(finished)?.epoch === epoch) engine.copyTo(state.best);
      settings.onEpoch?.(finished[epoch - 1]);
      stoppedBy = reasonToStop(finished, settings);
      if (stoppedBy || epoch === settings.epochs || epoch % settings.checkpointEvery === 0) await checkpoint(run);
      lap(); // what the callbacks took is no part of the next epoch
    }
  } finally {
    await engine.finish();
  }
  const best = stoppedBy === "targetAccuracy" ? null : state.best;
  if (best) copy(best, network);
  const kept = best ? bestOnValidation(finished) : finished.at(-1);
  return resultOf(state, "done", stoppedBy, kept?.epoch);
}

/** A run under way: its options, where it stands, and what it works with. */
interface OngoingRun {
  sizes: readonly number[];
  settings: Settings;
  state: RunState;
  random: Random;
  engine: Engine;
  evaluator: Evaluator;
  slices: Slices;
  /** Gives the seconds since it was last called. */
  lap: () => number;
}

async function startRun(network: Network, data: Dataset, settings: Settings): Promise<OngoingRun> {
  const { sizes } = network;
  const { resume, random: given = new Random() } = settings;
  const state = resume ?? freshState(network, data, given, settings);
  const random = resume ? Random.fromState(resume.random) : given;
  const engine = await startEngine(network, settings, state);
  const evaluator = new Evaluator(engine, sizes, data, settings);
  const slices = new Slices(settings.batchSize);
  return { sizes, settings, state, random, engine, evaluator, slices, lap: stopwatch() };
}

/** Trains on what is left of the epoch's order, mini-batch by mini-batch, unless the signal ends it. */
async function trainEpoch(
  { settings, state, engine, slices, lap }: OngoingRun,
  epoch: number,
  eta: number,
): Promise<void> {
  const { order, maskSeed: seed } = state;
  const total = settings.epochs * order.length;
  for (const [from, to] of slices.of(order.length, state.position ?? 0)) {
    if (settings.signal?.aborted) return;
    await engine.train(order.subarray(from, to), eta, { seed, first: from });
    await setImmediate(); // lets signals, timers and the terminal have their turn
    if (!engine.isFinite()) throw new DivergedError(epoch, eta);
    state.trainSeconds += lap();
    state.examples += to - from;
    state.position = to;
    settings.onProgress?.({ epoch, examples: state.examples, total });
  }
}

/** How the network does on the test examples and all that is monitored; undefined if the signal ended it. */
async function evaluateAll({ evaluator, settings: { monitor, signal } }: OngoingRun) {
  const monitored: EpochResult["monitored"] = {};
  for (const part of PARTS.filter((part) => monitor.has(part))) {
    monitored[part] = await evaluator.evaluate(part, { withCost: true, signal });
    if (!monitored[part]) return undefined;
  }
  const test = monitored.test ?? (await evaluator.evaluate("test", { signal }));
  return test && { ...test, monitored };
}

async function checkpoint({ settings, state, engine, random, sizes }: OngoingRun): Promise<void> {
  await settings.onCheckpoint?.(snapshot(state, engine, random, sizes));
}

function resultOf(
  state: RunState,
  status: TrainResult["status"],
  stoppedBy: TrainResult["stoppedBy"] = null,
  keptEpoch: TrainResult["keptEpoch"] = null,
): TrainResult {
  const { finished: epochs, examples } = state;
  const trainSeconds = epochs.reduce((sum, epoch) => sum + epoch.trainSeconds, state.trainSeconds);
  return { status, stoppedBy, epochs, keptEpoch, examples, trainSeconds };
}

async function startEngine(network: Network, settings: Settings, state: RunState): Promise<Engine> {
  copy(state.parameters, network);
  const starting = settings.createEngine(network, state.velocities ?? undefined);
  new Random().shuffle(new Uint32Array(20_000)); // V8 optimises it while the engine starts: 4 ms of the first epoch otherwise
  return await starting;
}

/** @returns undefined if the schedule ends training */
function nextEta(finished: EpochResult[], settings: Settings): number | undefined {
  const schedule: Schedule = SCHEDULES[settings.schedule];
  const history = schedule.usesValidation ? finished : []; // runs may have very many epochs
  const validation = history.map(({ monitored }) => monitored.validation?.accuracy ?? Number.NaN);
  return schedule.eta({ ...settings, epoch: finished.length + 1, validation }, settings);
}

/** Why no epoch should come after the finished ones, although there are some left. */
function reasonToStop(finished: EpochResult[], settings: Settings): TrainResult["stoppedBy"] {
  const { targetAccuracy, patience, epochs } = settings;
  const n = finished.length;
  if (n > 0 && finished[n - 1].accuracy >= targetAccuracy) return "targetAccuracy";
  const mayWait = patience === Number.POSITIVE_INFINITY;
  if (!mayWait && n - (bestOnValidation(finished)?.epoch ?? n) >= patience) return "patience";
  return n < epochs && nextEta(finished, settings) === undefined ? "schedule" : null;
}

/** A function that gives the seconds since it was last called, or made. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return (last - before) / 1000;
  };
}
