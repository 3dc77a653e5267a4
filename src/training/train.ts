import type { Dataset } from "../data/dataset.js";
import { PARTS } from "../data/parts.js";
import { DivergedError } from "../errors.js";
import { copy, type Network, type Parameters } from "../network/network.js";
import { Random } from "../network/random.js";
import type { Engine, EngineName } from "./engine.js";
import { Evaluator } from "./evaluation.js";
import { checkTraining, type Settings, type TrainOptions } from "./options.js";
import { bestOnValidation, type EpochResult, type TrainResult } from "./result.js";
import { SCHEDULES, type Schedule } from "./schedule.js";
import { Slices } from "./slices.js";
import { freshState, type RunState, snapshot } from "./state.js";
import { TextbookEngine } from "./textbook.js";

/**
 * Trains `network`, in place, by stochastic gradient descent (Nielsen, chapter 1; `SGD` in the book's program): in every epoch
 * the training examples are shuffled and cut into mini-batches, and then the test examples evaluated.
 *
 * Silent; gives the event loop a turn at least every 50 ms. Does not change the data.
 *
 * @throws ConfigurationError if the network does not fit the data, or the options make no sense
 * @throws DivergedError as soon as a weight or bias is NaN or infinite
 */
export async function train(network: Network, data: Dataset, options: TrainOptions = {}): Promise<TrainResult> {
  const settings = checkTraining(network, data, options);
  const { epochs, shuffle, random: given = new Random(), signal } = settings;
  const run = settings.resume ?? freshState(network, data, given, settings);
  const random = settings.resume ? Random.fromState(run.random) : given;
  const { finished, order } = run;
  const engine = await startEngine(network, data, settings, run);
  const evaluator = new Evaluator(engine, network.sizes, data, settings);
  const slices = new Slices(settings.batchSize);
  const lap = stopwatch();
  const checkpoint = async () => settings.onCheckpoint?.(snapshot(run, engine, random, network.sizes));
  const result = (status: TrainResult["status"], stoppedBy: TrainResult["stoppedBy"] = null): TrainResult => {
    const trainSeconds = finished.reduce((sum, epoch) => sum + epoch.trainSeconds, run.trainSeconds);
    return { status, stoppedBy, epochs: finished, keptEpoch: null, examples: run.examples, trainSeconds };
  };
  let stoppedBy = reasonToStop(finished, settings);
  try {
    for (let epoch = finished.length + 1; epoch <= epochs && !stoppedBy; epoch++) {
      const eta = nextEta(finished, settings) as number; // without one, it would have been stopped
      if (run.position === null) {
        if (shuffle) random.shuffle(order);
        if (settings.dropout > 0) run.maskSeed = random.uint32();
        run.position = 0;
      }
      for (const [from, to] of slices.of(order.length, run.position)) {
        if (signal?.aborted) break;
        await engine.train(order.subarray(from, to), eta, { seed: run.maskSeed, first: from });
        if (!engine.isFinite()) throw new DivergedError(epoch, eta);
        run.trainSeconds += lap();
        run.examples += to - from;
        run.position = to;
        settings.onProgress?.({ epoch, examples: run.examples, total: epochs * order.length });
      }
      const evaluation = await evaluateAll(evaluator, settings);
      if (!evaluation) {
        await checkpoint();
        return result("interrupted");
      }
      finished.push({ epoch, eta, ...evaluation, trainSeconds: run.trainSeconds, evaluateSeconds: lap() });
      [run.position, run.trainSeconds] = [null, 0];
      if (run.best && bestOnValidation(finished)?.epoch === epoch) engine.copyTo(run.best);
      settings.onEpoch?.(finished[epoch - 1]);
      stoppedBy = reasonToStop(finished, settings);
      if (stoppedBy || epoch === epochs || epoch % settings.checkpointEvery === 0) await checkpoint();
      lap();
    }
  } finally {
    await engine.finish();
  }
  const isBestKept = run.best !== null && stoppedBy !== "targetAccuracy";
  if (run.best && isBestKept) copy(run.best, network);
  const keptEpoch = isBestKept ? bestOnValidation(finished)?.epoch : finished.at(-1)?.epoch;
  return { ...result("done", stoppedBy), keptEpoch: keptEpoch ?? null };
}

/** The engines by name. */
type MakeEngine = (network: Network, data: Dataset, settings: Settings, velocities?: Parameters) => Promise<Engine>;
const engines: Record<EngineName, MakeEngine> = {
  fast: async (network, data, settings, velocities) => {
    const { FastEngine } = await import("../kernel/engine.js");
    return FastEngine.create(network, data, { ...settings, velocities });
  },
  textbook: async (network, data, settings, velocities) => new TextbookEngine(network, data, settings, velocities),
};

async function startEngine(network: Network, data: Dataset, settings: Settings, run: RunState): Promise<Engine> {
  copy(run.parameters, network);
  const starting = engines[settings.engine](network, data, settings, run.velocities ?? undefined);
  new Random().shuffle(new Uint32Array(20_000)); // V8 optimises it while the engine starts: 4 ms of the first epoch otherwise
  return await starting;
}

/** @returns undefined if the schedule sees no sense in going on */
function nextEta(finished: EpochResult[], settings: Settings): number | undefined {
  const schedule: Schedule = SCHEDULES[settings.schedule];
  const history = schedule.usesValidation ? finished : []; // runs may have very many epochs
  const validation = history.map(({ monitored }) => monitored.validation?.accuracy ?? Number.NaN);
  return schedule.eta({ ...settings, epoch: finished.length + 1, validation }, settings);
}

/** How the network does on the test examples and all that is monitored; undefined if the signal ended it. */
async function evaluateAll(evaluator: Evaluator, { monitor, signal }: Settings) {
  const monitored: EpochResult["monitored"] = {};
  for (const part of PARTS.filter((part) => monitor.has(part))) {
    monitored[part] = await evaluator.evaluate(part, true, signal);
    if (!monitored[part]) return undefined;
  }
  const test = monitored.test ?? (await evaluator.evaluate("test", false, signal));
  return test && { ...test, monitored };
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
