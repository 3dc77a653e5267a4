import type { Dataset } from "../../data/dataset.js";
import { PARTS, type Part } from "../../data/parts.js";
import type { Evaluation } from "../../training/evaluation.js";
import { bestOnTest, bestOnValidation, type EpochResult, type TrainResult } from "../../training/result.js";
import type { Run } from "../../training/runs.js";
import { type Statistics, statistics } from "../../training/statistics.js";
import { type Figure, ownFigure } from "../presets.js";

/** A run at its end, whatever ended it, or several of them on average; null where there is nothing to tell. */
export interface RunEnd {
  status: "done" | "interrupted" | "diverged" | "failed";
  /** What ended it before its last epoch. */
  stoppedBy: TrainResult["stoppedBy"];
  /** How many epochs were finished; of several runs, by the longest. */
  epochs: number;
  /** After which of them the network had the weights that it has at the end; null if none. */
  keptEpoch: number | null;
  /** On the test images, after the last epoch and after the best one. */
  accuracy: number | null;
  bestAccuracy: number | null;
  bestEpoch: number | null;
  /** The honest figure: on the test images, after the epoch that did best on the validation images; and there. */
  honestAccuracy: number | null;
  honestEpoch: number | null;
  validationAccuracy: number | null;
  /** Cost and accuracy of the monitored parts after the last epoch. */
  monitored: Partial<Record<Part, ReturnType<typeof countsOf>>>;
  /** What the preset's figure is, and what this run made of it. */
  presetFigure: (Figure & { own: number | null }) | null;
  /** How the accuracies are spread over several runs. */
  statistics: { accuracy: Statistics; honestAccuracy: Statistics | null; own: Statistics | null } | null;
  /** Since the program started. */
  seconds: number;
  /** While training; evaluation left out. */
  examplesPerSecond: number | null;
  weightsSha256: string | null;
  /** Classes among the test labels that the network answers for no test image at the end. */
  neverPredicted: number[];
  error: string | null;
  seed: number | null;
}

/** The end of a run after the epochs `finished`; who knows more adds it. */
export function endOfRun(
  status: RunEnd["status"],
  finished: readonly EpochResult[],
  seed: number | null,
  figure?: Figure,
): RunEnd {
  const best = bestOnTest(finished);
  const honest = bestOnValidation(finished);
  return {
    status,
    stoppedBy: null,
    epochs: finished.length,
    keptEpoch: null,
    accuracy: finished.at(-1)?.accuracy ?? null,
    bestAccuracy: best?.accuracy ?? null,
    bestEpoch: best?.epoch ?? null,
    honestAccuracy: honest?.accuracy ?? null,
    honestEpoch: honest?.epoch ?? null,
    validationAccuracy: honest?.monitored.validation?.accuracy ?? null,
    monitored: monitoredOf(finished.at(-1)),
    presetFigure: figure ? { ...figure, own: ownFigure(finished, figure) ?? null } : null,
    statistics: null,
    seconds: performance.now() / 1000,
    examplesPerSecond: null,
    weightsSha256: null,
    neverPredicted: [],
    error: null,
    seed,
  };
}

/** The monitored parts of an epoch, without how often each class was answered. */
export function monitoredOf(epoch: EpochResult | undefined): RunEnd["monitored"] {
  const parts = PARTS.flatMap((part) => {
    const evaluation = epoch?.monitored[part];
    return evaluation ? [[part, countsOf(evaluation)]] : [];
  });
  return Object.fromEntries(parts);
}

function countsOf({ correct, total, accuracy, cost }: Evaluation) {
  return { correct, total, accuracy, cost };
}

/** The end of a run whose network is there. */
export function endOf({ seed, network, result }: Run, data: Dataset, figure?: Figure): RunEnd {
  const { status, stoppedBy, epochs, keptEpoch, examples, trainSeconds } = result;
  return {
    ...endOfRun(status, epochs, seed, figure),
    stoppedBy,
    keptEpoch,
    examplesPerSecond: trainSeconds > 0 ? examples / trainSeconds : null,
    weightsSha256: network.weightsSha256(),
    neverPredicted: neverPredicted(result, data),
  };
}

/** The classes of the test labels that could be learned, and that the network answered for no test image after the last epoch. */
function neverPredicted({ status, epochs }: TrainResult, { training, test }: Dataset): number[] {
  const last = epochs.at(-1);
  if (status !== "done" || last === undefined) return [];
  const learnable = new Set(training.labels);
  return [...new Set(test.labels)]
    .filter((label) => learnable.has(label) && last.answers[label] === 0)
    .sort((a, b) => a - b);
}

/** The test accuracies of several runs after an epoch. */
export interface EpochStatistics extends Statistics {
  epoch: number;
}

/** How the test accuracies of several runs are spread after each epoch that any of them finished. */
export function statisticsByEpoch(runs: readonly EpochResult[][]): EpochStatistics[] {
  const epochs = Math.max(...runs.map(({ length }) => length));
  return Array.from({ length: epochs }, (_, i) => {
    const accuracies = runs.flatMap((run) => (i < run.length ? run[i].accuracy : []));
    return { epoch: i + 1, ...statistics(accuracies) };
  });
}

/** What several runs came to: means in the places of a single run's figures. */
export function endOfRuns(ends: readonly RunEnd[], status: RunEnd["status"], seed: number, figure?: Figure): RunEnd {
  const spread = (pick: (end: RunEnd) => number | null | undefined) => {
    const values = ends.map(pick).filter((value) => typeof value === "number");
    return values.length > 0 ? statistics(values) : null;
  };
  const accuracy = spread((end) => end.accuracy);
  const honestAccuracy = spread((end) => end.honestAccuracy);
  const own = spread((end) => end.presetFigure?.own);
  return {
    ...endOfRun(status, [], seed),
    epochs: Math.max(0, ...ends.map((end) => end.epochs)),
    accuracy: accuracy?.mean ?? null,
    honestAccuracy: honestAccuracy?.mean ?? null,
    bestAccuracy: spread((end) => end.bestAccuracy)?.mean ?? null,
    validationAccuracy: spread((end) => end.validationAccuracy)?.mean ?? null,
    presetFigure: figure ? { ...figure, own: own?.mean ?? null } : null,
    statistics: accuracy && { accuracy, honestAccuracy, own },
    examplesPerSecond: spread((end) => end.examplesPerSecond)?.mean ?? null,
    neverPredicted: [...new Set(ends.flatMap((end) => end.neverPredicted))].sort((a, b) => a - b),
  };
}
