/** What a training command has come to: the figures of its end, whatever ends it. */
import type { Dataset } from "../../data/dataset.js";
import { PARTS, type Part } from "../../data/parts.js";
import type { Evaluation } from "../../training/evaluation.js";
import { bestOnTest, bestOnValidation, type EpochResult, type TrainResult } from "../../training/result.js";
import type { Run } from "../../training/runs.js";
import { type Statistics, statistics } from "../../training/statistics.js";
import { actualFigure, type Figure } from "../presets.js";
import type { EpochFigures, Figures } from "./events.js";

/** A run at its end, or the mean of several; null where there is nothing to tell. */
export interface RunEnd {
  status: "done" | "interrupted" | "diverged" | "failed";
  /** Why the run ended before its last epoch. */
  stoppedBy: TrainResult["stoppedBy"];
  /** The number of finished epochs; of several runs, of the longest. */
  epochs: number;
  /** The epoch after which the network had the weights that it has at the end. */
  keptEpoch: number | null;
  /** The accuracy on the test images after the last epoch, and after the best one. */
  accuracy: number | null;
  bestAccuracy: number | null;
  bestEpoch: number | null;
  /** The accuracy on the test images after the epoch that did best on the validation images. */
  honestAccuracy: number | null;
  honestEpoch: number | null;
  /** The accuracy on the validation images after that epoch. */
  validationAccuracy: number | null;
  /** Cost and accuracy of the monitored parts after the last epoch. */
  monitored: Partial<Record<Part, Figures>>;
  /** The accuracy that the preset is known for, and the accuracy that this run reached. */
  presetResult: (Omit<Figure, "accuracy"> & { expected: number; actual: number | null }) | null;
  /** The spread of the accuracies of several runs. */
  statistics: { accuracy: Statistics; honestAccuracy: Statistics | null; presetResult: Statistics | null } | null;
  /** Since the program started. */
  seconds: number;
  /** In training, without evaluation. */
  examplesPerSecond: number | null;
  weightsSha256: string | null;
  /** The classes of the test labels that the network does not answer for any test image at the end. */
  neverPredicted: number[];
  error: string | null;
  seed: number | null;
}

/** A run that has come to its end after the epochs `finished`. Who knows more adds it. */
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

/** The end of a run whose network there is. */
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
