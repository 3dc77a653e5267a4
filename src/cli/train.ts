import { type Dataset, loadDataset } from "../data/dataset.js";
import { DivergedError } from "../errors.js";
import { Network } from "../network/network.js";
import { Random } from "../network/random.js";
import { checkTraining, type EpochResult, train } from "../training/train.js";
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
  const settings = { version, layers, epochs, batchSize, eta, seed, shuffle, engine, threads: 1 };
  const reporter = new Reporter(flags, settings);
  const finished: EpochResult[] = [];
  const interrupts = new InterruptHandler(
    (name) => reporter.note(`${name}: finishing the mini-batches in flight; a second one ends the run at once`),
    () => reporter.end(endOfRun("interrupted", finished)),
  );
  const signal = AbortSignal.any([interrupts.signal, output]);
  try {
    reporter.opening();
    const data = await loadDataset(flags.data, { validation, trainSize, signal });
    checkTraining(layers, data, { epochs, batchSize, eta });
    const random = new Random(seed);
    const network = Network.gaussian(layers, random);
    reporter.start({ ...settings, ...exampleCounts(data) });
    const result = await train(network, data, {
      ...{ epochs, batchSize, eta, shuffle, random, engine, signal },
      onProgress: (progress) => reporter.progress(progress),
      onEpoch: (epoch) => {
        finished.push(epoch);
        reporter.epoch(epoch);
      },
    });
    if (output.aborted) return;
    const neverPredicted = result.status === "done" ? missingAnswers(finished, data.test.labels) : [];
    if (neverPredicted.length > 0) reporter.note(lostNeurons(neverPredicted));
    reporter.end({
      ...endOfRun(result.status, finished),
      examplesPerSecond: result.trainSeconds > 0 ? result.examples / result.trainSeconds : null,
      weightsSha256: network.weightsSha256(),
      neverPredicted,
    });
  } catch (error) {
    if (output.aborted) return;
    if (error === signal.reason) {
      reporter.end(endOfRun("interrupted", finished)); // while the data were read
    } else {
      const status = error instanceof DivergedError ? "diverged" : "failed";
      reporter.end({ ...endOfRun(status, finished), error: error instanceof Error ? error.message : `${error}` });
      throw error;
    }
  } finally {
    reporter.close();
    process.exitCode ??= interrupts.exitCode;
  }
}

function exampleCounts({ training, validation, test }: Dataset) {
  return {
    trainingExamples: training.labels.length,
    validationExamples: validation.labels.length,
    testExamples: test.labels.length,
  };
}

/** The classes among `labels` that the network answered for no example after the last epoch. */
function missingAnswers(finished: EpochResult[], labels: Uint8Array): number[] {
  const answers = finished[finished.length - 1].answers;
  return [...new Set(labels)].filter((label) => answers[label] === 0).sort((a, b) => a - b);
}

function lostNeurons(classes: number[]): string {
  const which = classes.length === 1 ? `class ${classes[0]} is` : `classes ${classes.join(", ")} are`;
  return (
    `Note: ${which} never predicted: with starting weights from N(0, 1) an output neuron can saturate near 0, where ` +
    "sigma' is so small that it hardly learns again; try another --seed or a smaller --eta"
  );
}
