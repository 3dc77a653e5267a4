import { setImmediate } from "node:timers/promises";
import type { Dataset } from "../data/dataset.js";
import type { Network } from "../network/network.js";
import { Crew } from "./crew.js";
import { type Build, type Call, compile, instantiate, type Kernel, perform } from "./kernel.js";
import type { Part } from "./layout.js";
import { KernelMemory } from "./memory.js";

/** How to run the kernel. */
export interface FastOptions {
  /** How many threads; no result depends on it. */
  threads: number;
  build?: Build;
}

/**
 * The engine in float32 and WebAssembly SIMD, an `Engine` of training/engine.ts.
 *
 * Workers compute, so that this thread stays free; where there are none to be had, this thread does it all. The parameters live in
 * the kernel's memory until `finish`.
 */
export class FastEngine {
  readonly #network: Network;
  readonly #outputs: number;
  readonly #batchSize: number;
  readonly #memory: KernelMemory;
  readonly #kernel: Kernel;
  readonly #crew: Crew | undefined;

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
  static async create(network: Network, data: Dataset, batchSize: number, options: FastOptions): Promise<FastEngine> {
    const module = await compile(options.build ?? "release");
    const prepare = (threads: number) => new KernelMemory(network, data, batchSize, threads);
    let memory = prepare(options.threads);
    let crew: Crew | undefined;
    try {
      const records = memory.layout.threads.map(({ at }) => at);
      crew = await Crew.start(module, memory.memory, records);
    } catch {
      memory = prepare(1); // no workers here: one thread does it all
    }
    return new FastEngine(network, batchSize, memory, instantiate(module, memory.memory), crew);
  }

  async train(order: Uint32Array, eta: number): Promise<void> {
    const { layout } = this.#memory;
    this.#memory.words(layout.order, order.length).set(order);
    const batches = Math.ceil(order.length / this.#batchSize);
    await this.#call({ name: "train", args: [layout.shuffled.at, 0, batches, this.#batchSize, order.length, eta] });
  }

  async evaluate(part: Part, from: number, to: number) {
    const { layout } = this.#memory;
    const counts = this.#memory.words(layout.counts, 1 + this.#outputs);
    counts.fill(0);
    await this.#call({ name: "evaluate", args: [layout.images[part].at, from, to, layout.rows, layout.counts] });
    const [correct, ...answers] = counts;
    return { correct, total: to - from, answers: Uint32Array.from(answers) };
  }

  isFinite(): boolean {
    const { from, to } = this.#memory.layout.parameters;
    return this.#kernel.finite(from, to) !== 0;
  }

  async finish(): Promise<void> {
    await this.#crew?.close();
    this.#memory.readNetwork(this.#network);
  }

  async #call(call: Call): Promise<void> {
    if (this.#crew) return this.#crew.call(call);
    const [{ at }] = this.#memory.layout.threads;
    perform(this.#kernel, at, call);
    await setImmediate();
  }
}
