import type { Dataset } from "../data/dataset.js";
import { ConfigurationError, DivergedError } from "../errors.js";
import { threadsFor } from "../training/engine.js";
import type { EpochResult } from "../training/result.js";
import { InterruptHandler } from "./interrupt.js";
import type { TrainFlags } from "./options.js";
import { Reporter } from "./report/reporter.js";
import { endOfRun } from "./report/run-end.js";

/**
 * `bp-train [options]`: reads the data, trains, reports.
 *
 * @param output  fires when standard output takes no more
 */
export async function runTraining(flags: TrainFlags, version: string, output: AbortSignal): Promise<void> {
  const { layers, epochs, batchSize, eta, seed, shuffle, engine, validation, trainSize } = flags;
  const threads = resolveThreads(flags);
  const settings = { version, layers, epochs, batchSize, eta, seed, shuffle, engine, threads };
  const reporter = new Reporter(flags, settings);
  const finished: EpochResult[] = [];
  const interrupts = new InterruptHandler(
    (name) => reporter.note(`${name}: stopping after the mini-batches in flight; a second one stops at once`),
    () => reporter.end(endOfRun("interrupted", finished, seed)),
  );
  const signal = AbortSignal.any([interrupts.signal, output]);
  try {
    reporter.opening();
    const { checkTraining, loadDataset, Network, Random, train } = await import("../index.js"); // the first line is out by now
    const data = await loadDataset(flags.data, { validation, trainSize, signal });
    checkTraining({ sizes: layers, output: "sigmoid" }, data, { epochs, batchSize, eta });
    const random = new Random(seed);
    const network = Network.random(layers, random);
    await reporter.start({ ...settings, ...exampleCounts(data) });
    const result = await train(network, data, {
      ...{ epochs, batchSize, eta, shuffle, random, engine, threads, signal },
      onProgress: (progress) => reporter.progress(progress),
      onEpoch: (epoch) => {
        finished.push(epoch);
        reporter.epoch(epoch);
      },
    });
    if (output.aborted) return;
    if (result.status === "interrupted") process.exitCode = interrupts.exitCode;
    const neverPredicted = result.status === "done" ? missingAnswers(finished, data) : [];
    if (neverPredicted.length > 0) reporter.note(lostNeurons(neverPredicted));
    reporter.end({
      ...endOfRun(result.status, finished, seed),
      examplesPerSecond: result.trainSeconds > 0 ? result.examples / result.trainSeconds : null,
      weightsSha256: network.weightsSha256(),
      neverPredicted,
    });
  } catch (error) {
    if (output.aborted) return;
    if (error === signal.reason) {
      process.exitCode = interrupts.exitCode; // while the data were read
      reporter.end(endOfRun("interrupted", finished, seed));
    } else {
      const status = error instanceof DivergedError ? "diverged" : "failed";
      reporter.end({ ...endOfRun(status, finished, seed), error: error instanceof Error ? error.message : `${error}` });
      throw error;
    }
  } finally {
    reporter.close();
  }
}

/** @throws ConfigurationError if the engine has no threads to set */
export function resolveThreads({
  layers,
  batchSize,
  engine,
  threads,
}: Pick<TrainFlags, "layers" | "batchSize" | "engine" | "threads">): number {
  if (threads === "auto") return threadsFor(engine, layers, batchSize);
  if (engine === "fast" || threads === 1) return threads;
  const expected = `1 thread, all that the ${engine} engine has`;
  throw new ConfigurationError({
    thing: `threads ${threads}`,
    expected,
    found: `${threads}`,
    remedy: "use the fast engine",
  });
}

function exampleCounts({ training, validation, test }: Dataset) {
  return {
    trainingExamples: training.labels.length,
    validationExamples: validation.labels.length,
    testExamples: test.labels.length,
  };
}

/** The classes of the test labels that could be learned, and that the network answered for no test image after the last epoch. */
function missingAnswers(finished: EpochResult[], { training, test }: Dataset): number[] {
  const { answers } = finished[finished.length - 1];
  const learnable = new Set(training.labels);
  return [...new Set(test.labels)]
    .filter((label) => learnable.has(label) && answers[label] === 0)
    .sort((a, b) => a - b);
}

function lostNeurons(classes: number[]): string {
  const which = classes.length === 1 ? `class ${classes[0]} is` : `classes ${classes.join(", ")} are`;
  return (
    `Note: ${which} never predicted. From starting weights of N(0, 1), or after too large a step, an output neuron can saturate near ` +
    "0, where sigma' is so small that it hardly learns again; try another --seed, a smaller --eta or more --epochs"
  );
}
