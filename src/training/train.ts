import type { Dataset } from "../data/dataset.js";
import { PARTS } from "../data/parts.js";
import { DivergedError } from "../errors.js";
import { type Network, type Parameters, zeros } from "../network/network.js";
import { Random } from "../network/random.js";
import type { Engine, EngineName } from "./engine.js";
import { Evaluator } from "./evaluation.js";
import { checkTraining, type Settings, type TrainOptions } from "./options.js";
import { bestOnValidation, type EpochResult, type TrainResult } from "./result.js";
import { SCHEDULES, type Schedule } from "./schedule.js";
import { Slices } from "./slices.js";
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
  const { epochs, shuffle, random = new Random(), signal } = settings;
  const order = Uint32Array.from({ length: data.training.labels.length }, (_, i) => i);
  const finished: EpochResult[] = [];
  const result: TrainResult = {
    ...{ status: "done", stoppedBy: null, epochs: finished, keptEpoch: null, examples: 0, trainSeconds: 0 },
  };
  const engine = await startEngine(network, data, settings);
  const evaluator = new Evaluator(engine, network.sizes, data, settings);
  const best = zeros(settings.patience < Number.POSITIVE_INFINITY ? network.sizes : []);
  const slices = new Slices(settings.batchSize);
  const lap = stopwatch();
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const eta = nextEta(finished, settings);
      if (eta === undefined) {
        result.stoppedBy = "schedule";
        break;
      }
      const before = result.trainSeconds;
      if (shuffle) random.shuffle(order);
      const seed = settings.dropout > 0 ? random.uint32() : 0;
      for (const [from, to] of slices.of(order.length)) {
        if (signal?.aborted) return { ...result, status: "interrupted" };
        await engine.train(order.subarray(from, to), eta, { seed, first: from });
        if (!engine.isFinite()) throw new DivergedError(epoch, eta);
        result.trainSeconds += lap();
        result.examples += to - from;
        settings.onProgress?.({ epoch, examples: result.examples, total: epochs * order.length });
      }
      const evaluation = await evaluateAll(evaluator, settings);
      if (!evaluation) return { ...result, status: "interrupted" };
      finished.push({
        ...{ epoch, eta, ...evaluation },
        ...{ trainSeconds: result.trainSeconds - before, evaluateSeconds: lap() },
      });
      if (bestOnValidation(finished)?.epoch === epoch && best.biases.length > 0) engine.copyTo(best);
      settings.onEpoch?.(finished[epoch - 1]);
      lap();
      result.stoppedBy = reasonToStop(finished, settings);
      if (result.stoppedBy) break;
    }
  } finally {
    await engine.finish();
  }
  result.keptEpoch = finished.length;
  if (best.biases.length > 0 && result.stoppedBy !== "targetAccuracy") {
    result.keptEpoch = bestOnValidation(finished)?.epoch ?? null;
    copy(best, network);
  }
  return result;
}

/** The engines by name. */
const engines: Record<EngineName, (network: Network, data: Dataset, settings: Settings) => Promise<Engine>> = {
  fast: async (network, data, settings) => {
    const { FastEngine } = await import("../kernel/engine.js");
    return FastEngine.create(network, data, settings);
  },
  textbook: async (network, data, settings) => new TextbookEngine(network, data, settings),
};

async function startEngine(network: Network, data: Dataset, settings: Settings): Promise<Engine> {
  const starting = engines[settings.engine](network, data, settings);
  new Random().shuffle(new Uint32Array(20_000)); // V8 optimises it while the engine starts: 4 ms of the first epoch otherwise
  return await starting;
}

function nextEta(finished: EpochResult[], settings: Settings): number | undefined {
  const schedule: Schedule = SCHEDULES[settings.schedule];
  const validation = finished.map(({ monitored }) => monitored.validation?.accuracy ?? Number.NaN);
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

function reasonToStop(finished: EpochResult[], { targetAccuracy, patience }: Settings): TrainResult["stoppedBy"] {
  const { accuracy, epoch } = finished[finished.length - 1];
  if (accuracy >= targetAccuracy) return "targetAccuracy";
  return epoch - (bestOnValidation(finished)?.epoch ?? epoch) >= patience ? "patience" : null;
}

function copy(from: Parameters, to: Parameters): void {
  for (const [l, values] of from.weights.entries()) to.weights[l].set(values);
  for (const [l, values] of from.biases.entries()) to.biases[l].set(values);
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
