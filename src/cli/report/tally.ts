/** Collects the results of the runs of a training command, so that an `end` can be reported at any time. */
import type { Dataset } from "../../data/dataset.js";
import type { EpochResult } from "../../training/epochs.js";
import type { Run } from "../../training/runs.js";
import type { RunState } from "../../training/state.js";
import type { RunSettings } from "../flag-values.js";
import type { Figure } from "../presets.js";
import type { RunEnd, RunEvent } from "./events.js";
import { endAfter, endOf, endOfRuns, statisticsByEpoch } from "./run-end.js";

export class Tally {
  readonly #settings: RunSettings;
  readonly #figure: Figure | undefined;
  /** The finished epochs of each run. */
  readonly #finished: EpochResult[][];
  /** The number of training examples so far, of each run. */
  readonly #examples: number[];
  /** The runs that have ended. */
  readonly #ends: RunEnd[] = [];

  /** @param resumed  the state that the only run continues */
  constructor(settings: RunSettings, figure?: Figure, resumed?: RunState) {
    this.#settings = settings;
    this.#figure = figure;
    this.#finished = Array.from({ length: settings.runs }, () => [...(resumed?.finished ?? [])]);
    this.#examples = Array(settings.runs).fill(resumed?.examples ?? 0);
  }

  progress(index = 0, examples = this.#examples[index]): Extract<RunEvent, { event: "progress" }> {
    this.#examples[index] = examples;
    const { epochs } = this.#settings;
    const epoch = Math.min(epochs, this.#finished[0].length + 1);
    return { event: "progress", epoch, runsDone: this.#ends.length, examples: sum(this.#examples) };
  }

  addEpoch(index: number, epoch: EpochResult): void {
    this.#finished[index].push(epoch);
  }

  addRun(run: Run, data: Dataset): RunEnd {
    const end = endOf(run, data, this.#figure);
    this.#ends.push(end);
    return end;
  }

  statistics(): RunEvent[] {
    return statisticsByEpoch(this.#finished).map((epoch) => ({ event: "epochStatistics", ...epoch }));
  }

  /** The end when all runs have ended, or were interrupted. */
  summary(): RunEnd {
    const [first, ...others] = this.#ends;
    if (this.#settings.runs === 1) return first;
    const areDone = others.length + 1 === this.#settings.runs && this.#ends.every(({ status }) => status === "done");
    return this.endSoFar(areDone ? "done" : "interrupted");
  }

  /** The end where something else has ended the runs. */
  endSoFar(status: RunEnd["status"]): RunEnd {
    const { runs, seed } = this.#settings;
    if (runs === 1) return endAfter(this.#finished[0], status, seed, this.#figure);
    return endOfRuns(this.#ends, status, seed, this.#figure);
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0);
}
