import type { EpochResult } from "../../training/result.js";

/** A run at its end, whatever ended it; what there is none of is null. */
export interface RunEnd {
  status: "done" | "interrupted" | "diverged" | "failed";
  /** How many epochs were finished. */
  epochs: number;
  /** On the test images, after the last epoch and after the best one. */
  accuracy: number | null;
  bestAccuracy: number | null;
  bestEpoch: number | null;
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
export function endOfRun(status: RunEnd["status"], finished: EpochResult[], seed: number | null): RunEnd {
  const best = finished.reduce<EpochResult | undefined>((a, b) => (a && a.accuracy >= b.accuracy ? a : b), undefined);
  return {
    status,
    epochs: finished.length,
    accuracy: finished.at(-1)?.accuracy ?? null,
    bestAccuracy: best?.accuracy ?? null,
    bestEpoch: best?.epoch ?? null,
    seconds: performance.now() / 1000,
    examplesPerSecond: null,
    weightsSha256: null,
    neverPredicted: [],
    error: null,
    seed,
  };
}
