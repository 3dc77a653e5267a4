import type { Dataset } from "../data/dataset.js";
import { DivergedError, GateError } from "../errors.js";
import type { EpochResult } from "../training/result.js";
import type { Run } from "../training/runs.js";
import type { RunState } from "../training/state.js";
import type { Context } from "./commands.js";
import type { TrainFlags } from "./flags.js";
import { InterruptHandler } from "./interrupt.js";
import { Keeping } from "./keeping.js";
import type { Beginning } from "./prepare.js";
import { presetOf } from "./presets.js";
import { percent } from "./report/human.js";
import { Reporter } from "./report/reporter.js";
import { endOf, endOfRun, endOfRuns, type RunEnd, statisticsByEpoch } from "./report/run-end.js";
import { seedsOf, settingsOf, trainingOf } from "./settings.js";

/** `bp-train [options]`: reads the data, trains, reports. */
export async function runTraining(
  flags: TrainFlags,
  beginning: Beginning,
  { version, output }: Context,
): Promise<void> {
  const seeds = seedsOf(flags);
  const isOne = seeds.length === 1;
  const { resumed } = beginning;
  const figure = flags.preset === undefined ? undefined : presetOf(flags.preset).figure;
  const settings = { ...settingsOf(flags, version), resumedEpochs: resumed?.state.finished.length ?? null };
  const reporter = new Reporter(flags, settings);
  const keeping = new Keeping(flags, version);
  const finished: EpochResult[][] = seeds.map(() => [...(resumed?.state.finished ?? [])]);
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
    await keeping.prepare();
    const { checkTraining, loadDataset, trainAll } = await import("../index.js"); // the first line is out by now
    const { validation, trainSize } = flags;
    const data = await loadDataset(flags.data, { validation, trainSize, signal });
    keeping.begin(data, resumed);
    const training = { ...trainingOf(flags), start: beginning.model?.network, resume: resumed?.state, signal };
    checkTraining({ ...training, sizes: training.layers }, data, training);
    await reporter.start({ ...settings, ...exampleCounts(data) }, resumed?.state.examples);
    const examples = seeds.map(() => 0);
    const listen = (index: number) => ({
      onProgress(progress: { epoch: number; examples: number }) {
        examples[index] = progress.examples;
        const all = examples.reduce((sum, n) => sum + n);
        reporter.progress(isOne ? { epoch: progress.epoch } : { runs: ends.length }, all);
      },
      onEpoch(epoch: EpochResult) {
        finished[index].push(epoch);
        if (isOne) reporter.epoch(epoch);
      },
      onCheckpoint: flags.checkpoint === undefined ? undefined : checkpoint,
    });
    const checkpoint = async (state: RunState) => {
      const problem = await keeping.checkpoint(state);
      if (problem !== undefined) reporter.note(problem);
    };
    const onRun = (run: Run) => {
      const end = { ...endOf(run, figure), neverPredicted: missingAnswers(run, data) };
      ends.push(end);
      if (!isOne) reporter.run(end);
    };
    const runs = await trainAll(seeds, data, training, listen, onRun);
    if (keeping.hasFailed) process.exitCode = 1;
    if (signal.aborted) process.exitCode = interrupts.exitCode ?? process.exitCode;
    const saveError = isOne ? await keeping.save(runs[0], data.classes) : undefined;
    if (output.aborted) return;
    const status = ends.some((end) => end.status === "interrupted") ? "interrupted" : "done";
    const end = isOne ? ends[0] : endOfRuns(ends, status, flags.seed, figure);
    if (end.neverPredicted.length > 0) reporter.note(lostNeurons(end.neverPredicted));
    if (!isOne) reporter.statistics(statisticsByEpoch(finished));
    reporter.end(end);
    if (saveError) throw saveError;
    if (status === "done") checkAccuracy(end, flags.minAccuracy);
  } catch (error) {
    if (output.aborted) return;
    if (error === signal.reason) {
      process.exitCode = interrupts.exitCode; // while the data were read
      reporter.end(endSoFar("interrupted"));
      return;
    }
    const status = error instanceof DivergedError ? "diverged" : "failed";
    const message = error instanceof Error ? error.message : `${error}`;
    if (!reporter.hasEnded) reporter.end({ ...endSoFar(status), error: message });
    throw error;
  } finally {
    keeping.end();
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
