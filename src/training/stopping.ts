/** Reasons to stop before the last epoch. */
import { aboveZeroUpToOne, orInfinity, setting, type ValuesOf, wholeNumber } from "../ranges.js";
import { bestOnValidation, type EpochResult } from "./epochs.js";

export const STOPPING_SETTINGS = {
  /**
   * Stops when the validation accuracy has not improved for this number of epochs, and then gives back the parameters of the best
   * epoch; Infinity for never.
   */
  patience: setting(Number.POSITIVE_INFINITY, orInfinity(wholeNumber(1))),
  /** Stops as soon as the test accuracy reaches this, 0..1; Infinity for never. */
  targetAccuracy: setting(Number.POSITIVE_INFINITY, orInfinity(aboveZeroUpToOne)),
};

/** Why a run ended before its last epoch, in words. */
export const STOP_REASONS = {
  patience: "the validation accuracy has stopped improving",
  targetAccuracy: "the target accuracy is reached",
  schedule: "eta has fallen to 1/128 of its first value",
} as const;
export type StopReason = keyof typeof STOP_REASONS;

/** @returns null if there is no reason to stop after these epochs */
export function reasonToStop(
  finished: readonly EpochResult[],
  { patience, targetAccuracy }: ValuesOf<typeof STOPPING_SETTINGS>,
): StopReason | null {
  const n = finished.length;
  if (n > 0 && finished[n - 1].accuracy >= targetAccuracy) return "targetAccuracy";
  if (patience === Number.POSITIVE_INFINITY) return null;
  return n - (bestOnValidation(finished)?.epoch ?? n) >= patience ? "patience" : null;
}
