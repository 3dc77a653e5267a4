/** Makes the figures of `run` and `end` events. */
import type { Dataset } from "../../data/dataset.js";
import { PARTS, type Part } from "../../data/parts.js";
import { bestOnTest, bestOnValidation, type EpochResult } from "../../training/epochs.js";
import type { Evaluation } from "../../training/evaluation.js";
import type { TrainResult } from "../../training/ongoing-run.js";
import type { Run } from "../../training/runs.js";
import { type Statistics, statistics } from "../../training/statistics.js";
import { actualFigure, type Figure } from "../presets.js";
import type { EpochFigures, Figures, RunEnd } from "./events.js";

/** The end of a run after the epochs `finished`. Figures that need the network stay null; `endOf` adds them. */
export function endAfter(
  finished: readonly EpochResult[],
  status: RunEnd["status"],
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
    monitored: figuresOf(finished.at(-1)?.monitored ?? {}),
    presetResult: presetResult(figure, figure && actualFigure(finished, figure)),
    statistics: null,
    seconds: performance.now() / 1000,
    examplesPerSecond: null,
    weightsSha256: null,
    neverPredicted: [],
    error: null,
    seed,
  };
}

/** The end of a run that gave back its network. */
export function endOf({ seed, network, result }: Run, data: Dataset, figure?: Figure): RunEnd {
  const { status, stoppedBy, epochs, keptEpoch, examples, trainSeconds } = result;
  return {
    ...endAfter(epochs, status, seed, figure),
    stoppedBy,
    keptEpoch,
    examplesPerSecond: trainSeconds > 0 ? examples / trainSeconds : null,
    weightsSha256: network.weightsSha256(),
    neverPredicted: neverPredicted(result, data),
  };
}

/** The end of several runs: means in the places of a single run's figures. */
export function endOfRuns(ends: readonly RunEnd[], status: RunEnd["status"], seed: number, figure?: Figure): RunEnd {
  const spread = (pick: (end: RunEnd) => number | null | undefined) => {
    const values = ends.map(pick).filter((value) => typeof value === "number");
    return values.length > 0 ? statistics(values) : null;
  };
  const accuracy = spread((end) => end.accuracy);
  const honestAccuracy = spread((end) => end.honestAccuracy);
  const actual = spread((end) => end.presetResult?.actual);
  return {
    ...endAfter([], status, seed),
    epochs: Math.max(0, ...ends.map((end) => end.epochs)),
    accuracy: accuracy?.mean ?? null,
    honestAccuracy: honestAccuracy?.mean ?? null,
    bestAccuracy: spread((end) => end.bestAccuracy)?.mean ?? null,
    validationAccuracy: spread((end) => end.validationAccuracy)?.mean ?? null,
    presetResult: presetResult(figure, actual?.mean),
    statistics: accuracy && { accuracy, honestAccuracy, presetResult: actual },
    examplesPerSecond: spread((end) => end.examplesPerSecond)?.mean ?? null,
    neverPredicted: [...new Set(ends.flatMap((end) => end.neverPredicted))].sort((a, b) => a - b),
  };
}

export function epochFigures({ answers: _, cost: _cost, monitored, ...epoch }: EpochResult): EpochFigures {
  return { ...epoch, ...figuresOf(monitored) };
}

/** The spread of the test accuracies of several runs after each epoch that at least one of them finished. */
export function statisticsByEpoch(runs: readonly EpochResult[][]): ({ epoch: number } & Statistics)[] {
  const epochs = Math.max(...runs.map(({ length }) => length));
  return Array.from({ length: epochs }, (_, i) => {
    const accuracies = runs.flatMap((run) => (i < run.length ? run[i].accuracy : []));
    return { epoch: i + 1, ...statistics(accuracies) };
  });
}

function figuresOf(monitored: EpochResult["monitored"]): Partial<Record<Part, Figures>> {
  const entries = PARTS.flatMap((part) => {
    const { answers: _, ...figures } = monitored[part] ?? ({} as Evaluation);
    return monitored[part] ? [[part, figures]] : [];
  });
  return Object.fromEntries(entries);
}

function presetResult(figure: Figure | undefined, actual: number | undefined): RunEnd["presetResult"] {
  if (!figure) return null;
  const { accuracy: expected, ...about } = figure;
  return { expected, actual: actual ?? null, ...about };
}

/** Classes that have training examples but are never the answer to a test image after the last epoch. */
function neverPredicted({ status, epochs }: TrainResult, { training, test }: Dataset): number[] {
  const last = epochs.at(-1);
  if (status !== "done" || last === undefined) return [];
  const learnable = new Set(training.labels);
  return [...new Set(test.labels)]
    .filter((label) => learnable.has(label) && last.answers[label] === 0)
    .sort((a, b) => a - b);
}
