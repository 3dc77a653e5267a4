import type { Dataset } from "../data/dataset.js";
import { DivergedError, GateError } from "../errors.js";
import type { EpochResult } from "../training/result.js";
import type { Run } from "../training/runs.js";
import type { TrainFlags } from "./flags.js";
import { InterruptHandler } from "./interrupt.js";
import { presetOf } from "./presets.js";
import { percent } from "./report/human.js";
import { Reporter } from "./report/reporter.js";
import { endOf, endOfRun, endOfRuns, type RunEnd, statisticsByEpoch } from "./report/run-end.js";
import { seedsOf, settingsOf, trainingOf } from "./settings.js";

/**
 * `bp-train [options]`: reads the data, trains, reports.
 *
 * @param output  fires when standard output takes no more
 */
export async function runTraining(flags: TrainFlags, version: string, output: AbortSignal): Promise<void> {
  const seeds = seedsOf(flags);
  const isOne = seeds.length === 1;
  const figure = flags.preset === undefined ? undefined : presetOf(flags.preset).figure;
  const settings = settingsOf(flags, version);
  const reporter = new Reporter(flags, settings);
  const finished: EpochResult[][] = seeds.map(() => []);
  const ends: RunEnd[] = [];
  const endSoFar = (status: RunEnd["status"]) =>
    isOne ? endOfRun(status, finished[0], flags.seed, figure) : endOfRuns(ends, status, flags.seed, figure);
  const interrupts = new InterruptHandler(
    (name) => reporter.note(`${name}: stopping after the mini-batches in flight; a second one stops at once`),
    () => reporter.end(endSoFar("interrupted")),
  );
  const signal = AbortSignal.any([interrupts.signal, output]);
  try {
    reporter.opening();
    const { checkTraining, loadDataset, trainAll } = await import("../index.js"); // the first line is out by now
    const { validation, trainSize } = flags;
    const data = await loadDataset(flags.data, { validation, trainSize, signal });
    const training = { ...trainingOf(flags), signal };
    checkTraining({ ...training, sizes: training.layers }, data, training);
    await reporter.start({ ...settings, ...exampleCounts(data) });
    const examples = seeds.map(() => 0);
    const listen = (index: number) => ({
      onProgress(progress: { epoch: number; examples: number }) {
        examples[index] = progress.examples;
        reporter.progress(
          isOne ? { epoch: progress.epoch } : { runs: ends.length },
          examples.reduce((sum, n) => sum + n),
        );
      },
      onEpoch(epoch: EpochResult) {
        finished[index].push(epoch);
        if (isOne) reporter.epoch(epoch);
      },
    });
    const onRun = (run: Run) => {
      const end = { ...endOf(run, figure), neverPredicted: missingAnswers(run, data) };
      ends.push(end);
      if (!isOne) reporter.run(end);
    };
    await trainAll(seeds, data, training, listen, onRun);
    if (output.aborted) return;
    const status = ends.some((end) => end.status === "interrupted") ? "interrupted" : "done";
    if (signal.aborted) process.exitCode = interrupts.exitCode;
    const end = isOne ? ends[0] : { ...endOfRuns(ends, status, flags.seed, figure) };
    if (end.neverPredicted.length > 0) reporter.note(lostNeurons(end.neverPredicted));
    if (!isOne) reporter.statistics(statisticsByEpoch(finished));
    reporter.end(end);
    if (status === "done") checkAccuracy(end, flags.minAccuracy);
  } catch (error) {
    if (output.aborted || error instanceof GateError) {
      if (output.aborted) return;
      throw error;
    }
    if (error === signal.reason) {
      process.exitCode = interrupts.exitCode; // while the data were read
      reporter.end(endSoFar("interrupted"));
    } else {
      const status = error instanceof DivergedError ? "diverged" : "failed";
      reporter.end({ ...endSoFar(status), error: error instanceof Error ? error.message : `${error}` });
      throw error;
    }
  } finally {
    reporter.close();
  }
}

/** @throws GateError if the honest accuracy, or where there is no validation the last one, is below the bound */
function checkAccuracy({ honestAccuracy, accuracy }: RunEnd, least = 0): void {
  const found = honestAccuracy ?? accuracy ?? 0;
  if (found >= least) return;
  const thing =
    honestAccuracy === null ? "accuracy after the last epoch" : "accuracy at the epoch chosen by validation";
  throw new GateError({ thing, expected: `at least ${percent(least)} of the test images`, found: percent(found) });
}

function exampleCounts({ training, validation, test }: Dataset) {
  return {
    trainingExamples: training.labels.length,
    validationExamples: validation.labels.length,
    testExamples: test.labels.length,
  };
}

/** The classes of the test labels that could be learned, and that the network answered for no test image after the last epoch. */
function missingAnswers({ result }: Run, { training, test }: Dataset): number[] {
  const last = result.epochs.at(-1);
  if (result.status !== "done" || last === undefined) return [];
  const learnable = new Set(training.labels);
  return [...new Set(test.labels)]
    .filter((label) => learnable.has(label) && last.answers[label] === 0)
    .sort((a, b) => a - b);
}

function lostNeurons(classes: number[]): string {
  const which = classes.length === 1 ? `class ${classes[0]} is` : `classes ${classes.join(", ")} are`;
  return (
    `Note: ${which} never predicted. From starting weights of N(0, 1), or after too large a step, an output neuron can saturate near ` +
    "0, where sigma' is so small that it hardly learns again; try another --seed, a smaller --eta or more --epochs"
  );
}
