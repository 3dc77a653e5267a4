/** Makes the figures of `run` and `end` events. */
import type { Dataset } from "../../data/dataset.js";
import { PARTS, type Part } from "../../data/parts.js";
import { bestOnTest, bestOnValidation, type EpochResult } from "../../training/epochs.js";
import type { Evaluation } from "../../training/evaluation.js";
import type { Run } from "../../training/runs.js";
import { type Statistics, statistics } from "../../training/statistics.js";
import type { StopReason } from "../../training/stopping.js";
import { actualFigure, type Figure } from "../presets.js";

interface SpreadOfRuns {
  accuracy: Statistics;
  honestAccuracy: Statistics | null;
  presetResult: Statistics | null;
}

export type Status = "done" | "interrupted" | "diverged" | "failed";

/** A run at its end, or the mean of several, as README.md explains it; null where there is nothing to tell. */
export type RunEnd = ReturnType<typeof endAfter>;

/** The end of a run after the epochs `finished`. Figures that need the network stay null; `endOf` adds them. */
export function endAfter(finished: readonly EpochResult[], status: Status, seed: number | null, figure?: Figure) {
  const best = bestOnTest(finished);
  const honest = bestOnValidation(finished);
  return {
    status,
    stoppedBy: null as StopReason | null,
    epochs: finished.length,
    keptEpoch: null as number | null,
    accuracy: finished.at(-1)?.accuracy ?? null,
    bestAccuracy: best?.accuracy ?? null,
    bestEpoch: best?.epoch ?? null,
    honestAccuracy: honest?.accuracy ?? null,
    honestEpoch: honest?.epoch ?? null,
    validationAccuracy: honest?.monitored.validation?.accuracy ?? null,
    monitored: figuresOf(finished.at(-1)?.monitored ?? {}),
    presetResult: presetResult(figure, figure && actualFigure(finished, figure)),
    statistics: null as SpreadOfRuns | null,
    seconds: performance.now() / 1000,
    examplesPerSecond: null as number | null,
    weightsSha256: null as string | null,
    neverPredicted: [] as number[],
    error: null as string | null,
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
    neverPredicted: status === "done" ? neverPredicted(epochs.at(-1), data) : [],
  };
}

/** The end of several runs: means in the places of a single run's figures. */
export function endOfRuns(ends: readonly RunEnd[], status: Status, seed: number, figure?: Figure): RunEnd {
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

export type EpochFigures = ReturnType<typeof epochFigures>;

export function epochFigures({ answers: _, cost: _cost, monitored, ...epoch }: EpochResult) {
  return { ...epoch, ...figuresOf(monitored) };
}

/** JSON leaves the answers out. */
function figuresOf(monitored: EpochResult["monitored"]): Partial<Record<Part, Omit<Evaluation, "answers">>> {
  const measured = PARTS.filter((part) => monitored[part]);
  return Object.fromEntries(measured.map((part) => [part, { ...monitored[part], answers: undefined }]));
}

function presetResult(figure: Figure | undefined, actual: number | undefined) {
  if (!figure) return null;
  const { accuracy: expected, on, at, source } = figure;
  return { expected, actual: actual ?? null, on, at, source };
}

/** Classes that have training examples but are never the answer to a test image after the epoch `last`. */
function neverPredicted(last: EpochResult | undefined, { training, test }: Dataset): number[] {
  const learnable = new Set(training.labels);
  const labels = [...new Set(test.labels)].sort((a, b) => a - b);
  return labels.filter((label) => learnable.has(label) && last?.answers[label] === 0);
}
