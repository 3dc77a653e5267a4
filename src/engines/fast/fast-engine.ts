import { setImmediate } from "node:timers/promises";
import type { Dataset } from "../../data/dataset.js";
import type { Part } from "../../data/parts.js";
import type { Masks } from "../../network/dropout.js";
import { DEFAULTS, type Hyperparameters } from "../../network/hyperparameters.js";
import type { Network, Parameters } from "../../network/network.js";
import type { Engine } from "../engine.js";
import { Crew } from "./crew.js";
import { type Build, type Call, compile, instantiate, type Kernel, perform } from "./kernel.js";
import { type Layout, layOut } from "./layout.js";
import { KernelMemory } from "./memory.js";
import { Pace, type Who } from "./pace.js";

/** How to run the kernel, and by what hyperparameters. */
export interface FastOptions extends Partial<Hyperparameters> {
  /** To start from, with momentum; by default 0. */
  velocities?: Parameters;
  /** How many threads; no result depends on it. */
  threads: number;
  build?: Build;
  /** If it was worked out before. */
  layout?: Layout;
}

/**
 * The engine in float32 and WebAssembly SIMD, an `Engine` of training/engine.ts.
 *
 * Workers compute, so that this thread stays free; where there are none to be had, this thread does it all. The parameters live in
 * the kernel's memory until `finish`.
 */
export class FastEngine implements Engine {
  readonly #network: Network;
  readonly #outputs: number;
  readonly #batchSize: number;
  readonly #memory: KernelMemory;
  readonly #kernel: Kernel;
  readonly #crew: Crew | undefined;
  readonly #pace = new Pace();
  /** Whether one thread alone has changed the parameters since all had the same. */
  #areCopiesOld = false;

  private constructor(
    network: Network,
    batchSize: number,
    memory: KernelMemory,
    kernel: Kernel,
    crew: Crew | undefined,
  ) {
    this.#network = network;
    this.#outputs = network.sizes[network.sizes.length - 1];
    this.#batchSize = batchSize;
    this.#memory = memory;
    this.#kernel = kernel;
    this.#crew = crew;
  }

  /** @throws ConfigurationError if network, data and mini-batch do not fit into a WebAssembly memory */
  static async create(network: Network, data: Dataset, options: FastOptions): Promise<FastEngine> {
    const hyper = { ...DEFAULTS, ...options };
    const starting = Crew.start(options.threads).catch(() => undefined); // where there are none to be had
    let engine: FastEngine;
    try {
      const module = await compile(options.build ?? "release");
      const memory = new KernelMemory(
        network,
        data,
        hyper,
        options.layout ?? layOut(network, data, hyper, options.threads),
      );
      const crew = await starting;
      crew?.begin(module, memory.memory);
      engine = new FastEngine(network, hyper.batchSize, memory, instantiate(module, memory.memory), crew);
    } catch (error) {
      await (await starting)?.close();
      throw error;
    }
    await engine.#warmUp(data.training.labels.length);
    engine.#memory.write(network, options.velocities);
    return engine;
  }

  async train(order: Uint32Array, eta: number, masks: Masks = { seed: 0, first: 0 }): Promise<void> {
    const { layout } = this.#memory;
    const { seed, first } = masks;
    this.#memory.words(layout.order, order.length).set(order);
    const batches = Math.ceil(order.length / this.#batchSize);
    const shares = this.#isTeam ? this.#pace.shares(batches) : [{ who: "solo" as const, from: 0, to: batches }];
    for (const { who, from, to } of shares) {
      await this.#call(
        { name: "train", args: [layout.shuffled.at, from, to, this.#batchSize, order.length, eta, seed, first] },
        who,
      );
    }
  }

  async outputs(part: Part, from: number, to: number): Promise<Float32Array> {
    const { layout } = this.#memory;
    await this.#call(
      { name: "evaluate", args: [layout.images[part].at, from, to, layout.rows, layout.outputs] },
      this.#who,
    );
    return this.#memory.floats(layout.outputs, (to - from) * this.#outputs);
  }

  isFinite(): boolean {
    const { from, to } = this.#memory.layout.parameters;
    return this.#kernel.finite(from, to) !== 0;
  }

  get examplesAtOnce(): number {
    return this.#memory.layout.examplesAtOnce;
  }

  copyTo(parameters: Parameters, velocities?: Parameters): void {
    this.#memory.read(parameters, velocities);
  }

  async finish(): Promise<void> {
    await this.#crew?.close();
    this.#memory.read(this.#network);
  }

  /** How many threads compute. */
  get threads(): number {
    return this.#crew ? this.#memory.layout.threads.length : 1;
  }

  get #isTeam(): boolean {
    return this.threads > 1;
  }

  get #who(): Who {
    return this.#isTeam ? this.#pace.best : "solo";
  }

  /**
   * Trains for some milliseconds while all parameters are 0, so that V8 has optimised the kernel, and the system given each thread a
   * core, when it matters. Measured on [784,30,10], batch 10: the first epoch takes 1.1 times a later one instead of 1.6 times.
   */
  async #warmUp(examples: number): Promise<void> {
    const start = performance.now();
    const { layout } = this.#memory;
    this.#memory.words(layout.order, examples).set(this.#memory.words(layout.inOrder, examples));
    const size = Math.min(WARM_UP.size, examples);
    const batches = Math.ceil(examples / size);
    for (let first = 0, last = 1; first < batches && performance.now() - start < WARM_UP.ms; ) {
      await this.#call({ name: "train", args: [layout.shuffled.at, first, last, size, examples, 0, 0, 0] }, this.#who);
      [first, last] = [last, Math.min(batches, last + WARM_UP.batches)];
    }
  }

  async #call(call: Call, who: Who): Promise<void> {
    const { threads, solo } = this.#memory.layout;
    if (!this.#crew) {
      perform(this.#kernel, solo.at, call);
      await setImmediate();
    } else if (who === "solo") {
      if (call.name === "train") this.#areCopiesOld = true;
      await this.#crew.call(call, [solo.at]);
    } else {
      if (this.#areCopiesOld) this.#memory.spreadCopies();
      this.#areCopiesOld = false;
      await this.#crew.call(
        call,
        threads.map(({ at }) => at),
      );
    }
  }
}

/** How long to warm up, in milliseconds, and by how many mini-batches of what size: optimised code takes over from call to call. */
const WARM_UP = { ms: 15, batches: 10, size: 10 };
