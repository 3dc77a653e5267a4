import type { EpochResult } from "../../training/result.js";
import type { TrainFlags } from "../flags.js";
import type { Format, RunSettings, RunStart } from "./format.js";
import { human } from "./human.js";
import { ndjson } from "./ndjson.js";
import type { ProgressBar } from "./progress-bar.js";
import type { EpochStatistics, RunEnd } from "./run-end.js";
import { colors } from "./style.js";

/** The running epoch of the only run, or how many runs are done. */
type Where = { epoch: number } | { runs: number };

/** Tells the user about a run: results on standard output, progress and notes on standard error. */
export class Reporter {
  readonly #flags: TrainFlags;
  readonly #settings: RunSettings;
  readonly #format: Format;
  #bar: ProgressBar | undefined;
  hasEnded = false;

  constructor(flags: TrainFlags, settings: RunSettings) {
    this.#flags = flags;
    this.#settings = settings;
    this.#format = flags.json ? ndjson : human(colors(process.stdout, flags.color));
  }

  opening(): void {
    if (!this.#flags.quiet) this.#print(this.#format.opening(this.#settings));
  }

  /** `examples`: training examples that were behind a run that is resumed. */
  async start(run: RunStart, examples = 0): Promise<void> {
    const { quiet, progress } = this.#flags;
    if (quiet) return;
    this.#print(this.#format.start(run));
    if (progress && process.stderr.isTTY && process.env.TERM !== "dumb") {
      const { ProgressBar } = await import("./progress-bar.js");
      this.#bar = new ProgressBar(
        process.stderr,
        this.#label(run.runs > 1 ? { runs: 0 } : { epoch: Math.min(run.epochs, 1 + (run.resumedEpochs ?? 0)) }),
        run.runs * run.epochs * run.trainingExamples,
        examples,
      );
    }
  }

  /** `examples`: training examples so far, of all runs. */
  progress(where: Where, examples: number): void {
    this.#bar?.update(this.#label(where), examples);
  }

  epoch(result: EpochResult): void {
    if (!this.#flags.quiet) this.#print(this.#format.epoch(result, this.#settings));
  }

  /** One of several runs is over. */
  run(end: RunEnd): void {
    if (!this.#flags.quiet) this.#print(this.#format.run(end, this.#settings));
  }

  statistics(epochs: EpochStatistics[]): void {
    if (this.#flags.quiet) return;
    this.close();
    for (const epoch of epochs) this.#print(this.#format.statistics(epoch, this.#settings));
  }

  /** Says something that is no result. */
  note(text: string): void {
    this.#above(() => process.stderr.write(`${text}\n`));
  }

  end(end: RunEnd): void {
    this.hasEnded = true;
    this.close();
    this.#print(this.#format.end(end, this.#settings));
  }

  /** Takes the bar off the terminal. May be called more than once. */
  close(): void {
    this.#bar?.close();
    this.#bar = undefined;
  }

  #label(where: Where): string {
    const [name, n, of] =
      "epoch" in where ? ["Epoch", where.epoch, this.#settings.epochs] : ["Runs", where.runs, this.#settings.runs];
    return `${name} ${`${n}`.padStart(`${of}`.length)}/${of}`;
  }

  #print(lines: string[]): void {
    if (lines.length > 0) this.#above(() => process.stdout.write(`${lines.join("\n")}\n`));
  }

  #above(write: () => void): void {
    if (this.#bar) this.#bar.above(write);
    else write();
  }
}
