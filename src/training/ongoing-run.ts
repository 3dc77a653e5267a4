/** What accompanies the recipe of train.ts: stopping, the best weights, checkpoints, times and progress. */
import { setImmediate } from "node:timers/promises";
import type { Dataset } from "../data/dataset.js";
import { Distortion } from "../distortion/distortion.js";
import type { Engine, SimdWidth } from "../engines/engine.js";
import { DivergedError } from "../errors.js";
import { copy, type Network } from "../network/network.js";
import { Random } from "../network/random.js";
import { bestOnValidation, type EpochResult } from "./epochs.js";
import { type Evaluation, Evaluator } from "./evaluation.js";
import { SCHEDULES, type Schedule } from "./schedule.js";
import type { Settings } from "./settings.js";
import { Slices } from "./slices.js";
import { initialState, type RunState, snapshot } from "./state.js";
import { reasonToStop, type StopReason } from "./stopping.js";

export interface TrainResult {
  status: "done" | "interrupted";
  /** Why the run ended before its last epoch. */
  stoppedBy: StopReason | null;
  /** The finished epochs, in order. */
  epochs: EpochResult[];
  /** The epoch after which the network had its final parameters: the last or, with patience, the best; null if interrupted. */
  keptEpoch: number | null;
  /** The number of training examples, with those of an unfinished epoch, and the time that training on them took. */
  examples: number;
  trainSeconds: number;
  /** The width in bits of the SIMD instructions that the engine used; null for the textbook engine. */
  simd: SimdWidth | null;
}

export class OngoingRun {
  /** The learning rate with which the current epoch begins. */
  #eta = 0;
  #stoppedBy: StopReason | null = null;
  readonly #evaluator: Evaluator;
  readonly #slices: Slices;
  #lapStart = performance.now();

  private constructor(
    readonly state: RunState,
    readonly engine: Engine,
    readonly random: Random,
    private readonly network: Network,
    private readonly settings: Settings,
    private readonly data: Dataset,
  ) {
    this.#evaluator = new Evaluator(engine, network.sizes, data, settings);
    this.#slices = new Slices(settings.batchSize);
    this.#planEpoch();
  }

  static async start(network: Network, data: Dataset, settings: Settings): Promise<OngoingRun> {
    const { resume } = settings;
    const random = resume ? Random.fromState(resume.random) : (settings.random ?? new Random());
    const state = resume ?? initialState(network, data, random, settings);
    copy(state.parameters, network);
    const engine = await settings.createEngine(network, state.velocities ?? undefined);
    return new OngoingRun(state, engine, random, network, settings, data);
  }

  get isOver(): boolean {
    return this.#stoppedBy !== null || this.state.finished.length >= this.settings.epochs;
  }

  /** The rest of the epoch's examples as [from, to), a few mini-batches at a time. Ends early when the run is interrupted. */
  *slices(): Generator<[from: number, to: number]> {
    const { order, position } = this.state;
    for (const slice of this.#slices.of(order.length, position ?? 0)) {
      if (this.settings.signal?.aborted) return;
      yield slice;
    }
  }

  /** The distortions of the training images in the current epoch; undefined if there are none. */
  distortion(): Distortion | undefined {
    const { settings, state, data } = this;
    if (settings.augment === "none") return undefined;
    const { rows, columns } = data.training.images;
    return new Distortion(settings, state.distortionSeed, state.finished.length + 1, rows, columns);
  }

  /** The learning rate of each mini-batch of the examples from, ..., to - 1 of the current epoch. */
  etas(from: number, to: number): Float64Array {
    const { batchSize } = this.settings;
    const first = from / batchSize; // slices begin with a mini-batch
    return new Float64Array(Math.ceil((to - from) / batchSize)).map((_, i) => this.#etaOf(first + i));
  }

  /** After the examples from, ..., to - 1. @throws DivergedError if a weight or bias is NaN or infinite */
  async endSlice(from: number, to: number): Promise<void> {
    const { state, settings } = this;
    const epoch = state.finished.length + 1;
    if (!this.engine.isFinite()) throw new DivergedError(epoch, this.#etaOf(Math.ceil(to / settings.batchSize) - 1));
    state.trainSeconds += this.#lap();
    state.examples += to - from;
    state.position = to;
    settings.onProgress?.({ epoch, examples: state.examples, total: settings.epochs * state.order.length });
    await setImmediate(); // the event loop's turn: signals, progress
  }

  /** Evaluates the test examples and all that is monitored. @returns undefined if the run is interrupted */
  async evaluate(): Promise<(Evaluation & Pick<EpochResult, "monitored">) | undefined> {
    const { monitor, signal } = this.settings;
    const monitored: EpochResult["monitored"] = {};
    for (const part of monitor) {
      monitored[part] = await this.#evaluator.evaluate(part, { withCost: true, signal });
      if (!monitored[part]) return undefined;
    }
    const test = monitored.test ?? (await this.#evaluator.evaluate("test", { signal }));
    return test && { ...test, monitored };
  }

  async endEpoch(evaluation: Evaluation & Pick<EpochResult, "monitored">): Promise<void> {
    const { state, settings, engine } = this;
    const { finished, trainSeconds } = state;
    const epoch = finished.length + 1;
    const eta = this.#etaOf(this.#batchesPerEpoch - 1);
    finished.push({ epoch, eta, ...evaluation, trainSeconds, evaluateSeconds: this.#lap() });
    [state.position, state.trainSeconds] = [null, 0];
    if (state.best && bestOnValidation(finished)?.epoch === epoch) engine.copyTo(state.best);
    settings.onEpoch?.(finished[epoch - 1]);
    this.#planEpoch();
    if (this.isOver || epoch % settings.checkpointEvery === 0) await this.checkpoint();
    this.#lap(); // the time of the callbacks does not count for the next epoch
  }

  async checkpoint(): Promise<void> {
    const { state, engine, random, network, settings } = this;
    await settings.onCheckpoint?.(snapshot(state, engine, random, network.sizes));
  }

  /** The result. A run with patience that ended normally gets its best weights. Call it when the engine has finished. */
  result(): TrainResult {
    const { finished: epochs, examples, best, trainSeconds } = this.state;
    const isBestKept = best !== null && this.isOver && this.#stoppedBy !== "targetAccuracy";
    if (isBestKept) copy(best, this.network);
    const kept = isBestKept ? bestOnValidation(epochs) : epochs.at(-1);
    return {
      status: this.isOver ? "done" : "interrupted",
      stoppedBy: this.#stoppedBy,
      epochs,
      keptEpoch: this.isOver && kept ? kept.epoch : null,
      examples,
      trainSeconds: epochs.reduce((sum, epoch) => sum + epoch.trainSeconds, trainSeconds),
      simd: this.engine.simd,
    };
  }

  /** Finds the learning rate with which the next epoch begins, or a reason to stop before it. */
  #planEpoch(): void {
    this.#stoppedBy = reasonToStop(this.state.finished, this.settings);
    if (this.isOver) return;
    const eta = this.#scheduledEta(0);
    if (eta === undefined) this.#stoppedBy = "schedule";
    else this.#eta = eta;
  }

  /** The learning rate of a mini-batch of the current epoch, counting from 0. */
  #etaOf(batch: number): number {
    const { isByMiniBatch }: Schedule = SCHEDULES[this.settings.schedule];
    return isByMiniBatch ? (this.#scheduledEta(batch) ?? this.#eta) : this.#eta;
  }

  #scheduledEta(batch: number): number | undefined {
    const { settings, state } = this;
    const { finished } = state;
    const { usesValidation, eta }: Schedule = SCHEDULES[settings.schedule];
    const history = usesValidation ? finished : []; // a run may have very many epochs
    const validation = history.map(({ monitored }) => monitored.validation?.accuracy ?? Number.NaN);
    const batches = this.#batchesPerEpoch;
    const time = (finished.length * batches + batch) / (settings.epochs * batches);
    return eta({ eta: settings.eta, epoch: finished.length + 1, time, validation }, settings);
  }

  get #batchesPerEpoch(): number {
    return Math.ceil(this.state.order.length / this.settings.batchSize);
  }

  /** The seconds since the last call, or since the run began. */
  #lap(): number {
    const start = this.#lapStart;
    this.#lapStart = performance.now();
    return (this.#lapStart - start) / 1000;
  }
}
