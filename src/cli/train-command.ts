import type { Command } from "commander";
import type { Dataset } from "../data/dataset.js";
import { DivergedError, GateError } from "../errors.js";
import type { EpochResult } from "../training/result.js";
import type { Run, RunListener } from "../training/runs.js";
import type { Context } from "./commands.js";
import type { TrainFlags } from "./flags.js";
import { InterruptHandler } from "./interrupt.js";
import { type Beginning, prepare } from "./prepare.js";
import { type Figure, presetOf } from "./presets.js";
import { percent } from "./report/human.js";
import { refusalLine } from "./report/ndjson.js";
import { Reporter } from "./report/reporter.js";
import { endOf, endOfRun, endOfRuns, type RunEnd, statisticsByEpoch } from "./report/run-end.js";
import type { RunFiles } from "./run-files.js";
import { seedsOf, settingsOf, trainingOf } from "./settings.js";

/** `bp-train [options]`: reads the data, trains, reports. */
export async function runTraining(command: Command, context: Context): Promise<void> {
  const session = await begin(command, context);
  await session.run();
}

/** Even a run that is refused before it begins has an end to report. */
async function begin(command: Command, context: Context): Promise<Session> {
  try {
    return new Session(command.opts(), await prepare(command), context);
  } catch (error) {
    if (command.opts().json) process.stdout.write(`${refusalLine(messageOf(error))}\n`);
    throw error;
  }
}

/** A training command from its first line to its last: one run, or several from consecutive seeds. */
class Session {
  readonly #flags: TrainFlags;
  readonly #beginning: Beginning;
  readonly #output: AbortSignal;
  readonly #seeds: number[];
  readonly #figure: Figure | undefined;
  readonly #settings;
  readonly #reporter: Reporter;
  /** If anything is to be kept. */
  #files: RunFiles | undefined;
  readonly #interrupts: InterruptHandler;
  /** The finished epochs of each run. */
  readonly #finished: EpochResult[][];
  /** Training examples so far, of each run. */
  readonly #examples: number[];
  /** The runs that are over. */
  readonly #ends: RunEnd[] = [];

  constructor(flags: TrainFlags, beginning: Beginning, { version, output }: Context) {
    const before = beginning.resumed?.state;
    this.#flags = flags;
    this.#beginning = beginning;
    this.#output = output;
    this.#seeds = seedsOf(flags);
    this.#figure = flags.preset === undefined ? undefined : presetOf(flags.preset).figure;
    this.#settings = { ...settingsOf(flags, version), resumedEpochs: before?.finished.length ?? null };
    this.#reporter = new Reporter(flags, this.#settings);
    this.#finished = this.#seeds.map(() => [...(before?.finished ?? [])]);
    this.#examples = this.#seeds.map(() => before?.examples ?? 0);
    this.#interrupts = new InterruptHandler(
      (name) => this.#reporter.note(`${name}: stopping after the mini-batches in flight; a second one stops at once`),
      () => this.#reporter.end(this.#endSoFar("interrupted")),
    );
  }

  async run(): Promise<void> {
    const signal = AbortSignal.any([this.#interrupts.signal, this.#output]);
    try {
      this.#reporter.opening();
      await this.#prepareFiles();
      await this.#train(signal);
    } catch (error) {
      if (this.#output.aborted) return;
      if (error !== signal.reason) throw this.#failed(error);
      process.exitCode = this.#interrupts.exitCode; // while the data were read
      this.#reporter.end(this.#endSoFar("interrupted"));
    } finally {
      this.#files?.end();
      this.#reporter.close();
    }
  }

  async #prepareFiles(): Promise<void> {
    const { save, checkpoint, checkpointEvery, resume } = this.#flags;
    if ((save ?? checkpoint ?? checkpointEvery ?? resume) === undefined) return;
    const { RunFiles } = await import("./run-files.js");
    this.#files = new RunFiles(this.#flags, this.#settings.version);
    await this.#files.prepare();
  }

  async #train(signal: AbortSignal): Promise<void> {
    const { loadDataset } = await import("../data/dataset.js"); // the first line is out by now
    const { checkTraining } = await import("../training/options.js");
    const { trainAll } = await import("../training/runs.js");
    const { resumed, model } = this.#beginning;
    const { validation, trainSize } = this.#flags;
    const data = await loadDataset(this.#flags.data, { validation, trainSize, signal });
    this.#files?.begin(data, resumed);
    const training = { ...trainingOf(this.#flags), start: model?.network, resume: resumed?.state, signal };
    const { monitor } = checkTraining({ ...training, sizes: training.layers }, data, training);
    this.#files?.checkSize(data, monitor);
    await this.#reporter.start({ ...this.#settings, ...exampleCounts(data) }, this.#examples[0]);
    const onRun = (run: Run) => this.#onRun(run, data);
    const runs = await trainAll(this.#seeds, data, training, (index) => this.#listener(index), onRun);
    if (this.#files?.hasFailed) process.exitCode = 1;
    const saveError = this.#isOne ? await this.#files?.save(runs[0], data.classes) : undefined;
    if (this.#output.aborted) return;
    const end = this.#summarise();
    if (end.status === "interrupted") process.exitCode = this.#interrupts.exitCode ?? process.exitCode;
    if (saveError) throw saveError;
    if (end.status === "done") checkAccuracy(end, this.#flags.minAccuracy);
  }

  get #isOne(): boolean {
    return this.#seeds.length === 1;
  }

  #listener(index: number): RunListener {
    return {
      onProgress: ({ epoch, examples }) => {
        this.#examples[index] = examples;
        const all = this.#examples.reduce((sum, n) => sum + n);
        this.#reporter.progress(this.#isOne ? { epoch } : { runs: this.#ends.length }, all);
      },
      onEpoch: (epoch) => {
        this.#finished[index].push(epoch);
        if (this.#isOne) this.#reporter.epoch(epoch);
      },
      onCheckpoint:
        this.#flags.checkpoint === undefined
          ? undefined
          : async (state) => {
              const problem = await this.#files?.checkpoint(state);
              if (problem !== undefined) this.#reporter.note(problem);
            },
    };
  }

  #onRun(run: Run, data: Dataset): void {
    const end = endOf(run, data, this.#figure);
    this.#ends.push(end);
    if (!this.#isOne) this.#reporter.run(end);
  }

  #summarise(): RunEnd {
    const areDone = this.#ends.length === this.#seeds.length && this.#ends.every(({ status }) => status === "done");
    const end = this.#isOne ? this.#ends[0] : this.#endSoFar(areDone ? "done" : "interrupted");
    if (end.neverPredicted.length > 0) this.#reporter.note(lostNeurons(end.neverPredicted));
    if (!this.#isOne) this.#reporter.statistics(statisticsByEpoch(this.#finished));
    this.#reporter.end(end);
    return end;
  }

  #endSoFar(status: RunEnd["status"]): RunEnd {
    const { seed } = this.#flags;
    return this.#isOne
      ? endOfRun(status, this.#finished[0], seed, this.#figure)
      : endOfRuns(this.#ends, status, seed, this.#figure);
  }

  /** Ends the report, unless it has ended; gives the error back. */
  #failed(error: unknown): unknown {
    const status = error instanceof DivergedError ? "diverged" : "failed";
    if (!this.#reporter.hasEnded) this.#reporter.end({ ...this.#endSoFar(status), error: messageOf(error) });
    return error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
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

function lostNeurons(classes: number[]): string {
  const which = classes.length === 1 ? `class ${classes[0]} is` : `classes ${classes.join(", ")} are`;
  return (
    `Note: ${which} never predicted. From starting weights of N(0, 1), or after too large a step, an output neuron can saturate near ` +
    "0, where sigma' is so small that it hardly learns again; try another --seed, a smaller --eta or more --epochs"
  );
}
