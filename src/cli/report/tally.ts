/** Collects the results of the runs of a training command, so that an `end` can be reported at any time. */
import type { Dataset } from "../../data/dataset.js";
import type { EpochResult } from "../../training/epochs.js";
import type { Run } from "../../training/runs.js";
import type { RunState } from "../../training/state.js";
import { statistics } from "../../training/statistics.js";
import type { RunSettings } from "../flag-values.js";
import type { Figure } from "../presets.js";
import type { RunEvent } from "./events.js";
import { endAfter, endOf, endOfRuns, type RunEnd, type Status } from "./run-end.js";

export class Tally {
  /** The finished epochs of each run. */
  readonly #finished: EpochResult[][];
  /** The number of training examples so far, of each run. */
  readonly #examples: number[];
  readonly #ends: RunEnd[] = [];

  /** @param resumed  the state that the only run continues */
  constructor(
    private readonly settings: RunSettings,
    private readonly figure?: Figure,
    resumed?: RunState,
  ) {
    this.#finished = Array.from({ length: settings.runs }, () => [...(resumed?.finished ?? [])]);
    this.#examples = Array(settings.runs).fill(resumed?.examples ?? 0);
  }

  progress(index = 0, examples = this.#examples[index]): Extract<RunEvent, { event: "progress" }> {
    this.#examples[index] = examples;
    const epoch = Math.min(this.settings.epochs, this.#finished[0].length + 1);
    const ofAllRuns = this.#examples.reduce((sum, n) => sum + n);
    return { event: "progress", epoch, runsDone: this.#ends.length, examples: ofAllRuns };
  }

  addEpoch(index: number, epoch: EpochResult): void {
    this.#finished[index].push(epoch);
  }

  addRun(run: Run, data: Dataset): RunEnd {
    const end = endOf(run, data, this.figure);
    this.#ends.push(end);
    return end;
  }

  /** The spread of the test accuracies of several runs after each epoch that at least one of them finished. */
  statistics(): RunEvent[] {
    const epochs = Math.max(...this.#finished.map(({ length }) => length));
    return Array.from({ length: epochs }, (_, i) => {
      const accuracies = this.#finished.flatMap((run) => (i < run.length ? run[i].accuracy : []));
      return { event: "epochStatistics", epoch: i + 1, ...statistics(accuracies) };
    });
  }

  /** The end when all runs have ended, or were interrupted. */
  summary(): RunEnd {
    const { runs } = this.settings;
    if (runs === 1) return this.#ends[0];
    const areDone = this.#ends.length === runs && this.#ends.every(({ status }) => status === "done");
    return this.endSoFar(areDone ? "done" : "interrupted");
  }

  /** The end where something else has ended the runs. */
  endSoFar(status: Status): RunEnd {
    const { runs, seed } = this.settings;
    if (runs === 1) return endAfter(this.#finished[0], status, seed, this.figure);
    return endOfRuns(this.#ends, status, seed, this.figure);
  }
}
