/** The fast engine: it computes in float32 with the WebAssembly kernel, on one or more worker threads. */
import { setImmediate } from "node:timers/promises";
import type { Dataset } from "../../data/dataset.js";
import type { Part } from "../../data/parts.js";
import { type Masks, masksFrom } from "../../network/dropout.js";
import { type Network, type Parameters, zeros } from "../../network/network.js";
import type { Draws, Engine, Etas, SimdWidth } from "../engine.js";
import { Crew } from "./crew.js";
import { Distorter } from "./distorter.js";
import { type Call, instantiate, type Kernel, perform, type TrainArguments } from "./kernel.js";
import type { Layout } from "./layout.js";
import { KernelMemory } from "./memory.js";
import { type Mode, Pace } from "./pace.js";
import type { LoadedKernel } from "./simd.js";
import { LINE } from "./space.js";

/**
 * How long to warm up, in milliseconds, and the size and number of the mini-batches of each call. Measured on [784,96,10], one epoch: a run
 * takes 8 ms less than with 15 ms, although that epoch takes longer.
 */
const WARM_UP = { ms: 5, batchSize: 10, batches: 10 };

/**
 * Worker threads compute, so that the calling thread stays free. Where the system refuses workers, the calling thread computes everything
 * itself. The parameters stay in the kernel's memory until `finish`.
 */
export class FastEngine implements Engine {
  readonly examplesAtOnce: number;
  readonly #layout: Layout;
  /** Made when the first images are distorted. */
  #distorter: Distorter | undefined;
  readonly #pace = new Pace();
  /** Settled when all threads can take part. The first one begins alone. */
  teamIsReady: Promise<void> = Promise.resolve();
  /** The mode in whose arrays the parameters are. */
  #place: Mode = "team";

  private constructor(
    private readonly network: Network,
    private readonly memory: KernelMemory,
    private readonly kernel: Kernel,
    private readonly crew: Crew | undefined,
    readonly simd: SimdWidth,
  ) {
    this.#layout = memory.layout;
    this.examplesAtOnce = this.#layout.examplesAtOnce;
  }

  /** @throws ConfigurationError if the system does not give enough memory */
  static async create(
    network: Network,
    data: Dataset,
    layout: Layout,
    loading: Promise<LoadedKernel>,
    velocities?: Parameters,
  ) {
    const starting = Crew.start().catch(() => undefined); // the system refuses workers
    try {
      const { module, simd } = await loading;
      const memory = new KernelMemory(data, layout);
      const crew = await starting;
      crew?.begin(module, memory.memory);
      const engine = new FastEngine(network, memory, instantiate(module, memory.memory), crew, simd);
      await engine.#warmUp();
      memory.write(engine.#place, network, velocities);
      engine.teamIsReady = engine.#addTeam(module);
      return engine;
    } catch (error) {
      await (await starting)?.close();
      throw error;
    }
  }

  async #addTeam(module: WebAssembly.Module): Promise<void> {
    const { threads, memory, crew } = this;
    await setImmediate(); // the first thread begins before the others are started, which takes some milliseconds of this thread
    if (threads > 1 && (await crew?.complete(threads, module, memory.memory))) this.#pace.addTeam();
  }

  async train(order: Uint32Array, etas: Etas, { masks, distortion }: Draws = {}): Promise<void> {
    if (!distortion) return this.#descend(order, etas, masks, [0, 0]);
    this.#distorter ??= new Distorter(this.memory);
    const { most, records } = this.#distorter;
    const { batchSize } = this.#layout;
    for (let from = 0; from < order.length; from += most) {
      const examples = order.subarray(from, from + most);
      this.#distorter.prepare(distortion, examples);
      const batch = from / batchSize;
      const ownEtas = etas.slice(batch, batch + Math.ceil(examples.length / batchSize));
      await this.#descend(examples, ownEtas, masksFrom(masks, from), records);
    }
  }

  /** @param distortion  the addresses of the distorted examples and of how they are distorted; 0 and 0 if they are not */
  async #descend(
    order: Uint32Array,
    etas: Etas,
    { seed, first }: Masks = { seed: 0, first: 0 },
    distortion: [distorted: number, distortion: number],
  ): Promise<void> {
    const { shuffled, batchSize, etas: etasAt } = this.#layout;
    this.memory.words(shuffled.fields.order, order.length).set(order);
    this.memory.floats(etasAt, etas.length).set(etas);
    await this.#pace.train(Math.ceil(order.length / batchSize), async ({ mode, from, to }) => {
      const slice = [shuffled.at, from, to, batchSize, order.length] as const;
      const args: TrainArguments = [...slice, etasAt, seed, first, ...distortion];
      const sleepsBefore = this.#meetings(mode).sleeps;
      await this.#call({ name: "train", args }, mode);
      const { sleeps, reached } = this.#meetings(mode);
      return { reached, sleeps: sleeps - sleepsBefore };
    });
  }

  /** What the threads have written beside their barrier (assembly/barrier.ts). */
  #meetings(mode: Mode): { sleeps: number; reached: number } {
    const { barrier, threadCount } = this.#threads(mode)[0].thread.fields;
    const [, sleeps, , reached] = this.memory.words(barrier + LINE * threadCount, 4);
    return { sleeps, reached };
  }

  async outputs(part: Part, from: number, to: number): Promise<Float32Array> {
    const { images, scratchExamples, outputs } = this.#layout;
    const { best } = this.#pace;
    await this.#call({ name: "evaluate", args: [images[part].at, from, to, scratchExamples, outputs] }, best);
    return this.memory.floats(outputs, (to - from) * this.network.sizes[this.network.sizes.length - 1]);
  }

  isFinite(): boolean {
    return this.memory.layers(this.#place).every(({ fields: { weights, biases, vectors } }) => {
      return this.kernel.finite(weights, biases + 16 * vectors); // the biases follow the weights
    });
  }

  copyTo(parameters: Parameters, velocities?: Parameters): void {
    this.memory.read(this.#place, parameters, velocities);
  }

  async finish(): Promise<void> {
    await this.crew?.close();
    this.memory.read(this.#place, this.network);
  }

  /** The number of threads that compute. */
  get threads(): number {
    return this.crew ? this.#layout.team.length : 1;
  }

  /**
   * Trains for some milliseconds while all parameters are 0, so that V8 has optimised the kernel and the system has given each thread a
   * core when training begins. Optimised code takes effect at the next call, so there are many short calls. Measured on [784,30,10],
   * batch 10: the first epoch takes 1.1 times as long as a later one, instead of 1.6 times.
   */
  async #warmUp(): Promise<void> {
    const { images, etas } = this.#layout; // the learning rates are still 0
    const { at, fields } = images.training;
    const size = Math.min(WARM_UP.batchSize, fields.length);
    const batches = Math.ceil(fields.length / size);
    const end = performance.now() + WARM_UP.ms;
    for (let from = 0; from < batches && performance.now() < end; from += WARM_UP.batches) {
      const to = Math.min(batches, from + WARM_UP.batches);
      await this.#call({ name: "train", args: [at, from, to, size, fields.length, etas, 0, 0, 0, 0] }, this.#pace.best);
    }
  }

  async #call(call: Call, mode: Mode): Promise<void> {
    this.#moveTo(mode);
    const addresses = this.#threads(mode).map(({ thread }) => thread.at);
    if (this.crew) return this.crew.call(call, addresses);
    return perform(this.kernel, addresses[0], call);
  }

  #threads(mode: Mode) {
    return mode === "team" ? this.#layout.team : [this.#layout.solo];
  }

  /** Brings the parameters to where the threads of this mode work on them. */
  #moveTo(mode: Mode): void {
    if (mode === this.#place) return;
    const { team, solo } = this.#layout;
    if (team[0].layers[0].fields.weights !== solo.layers[0].fields.weights) {
      const [parameters, velocities] = [zeros(this.network.sizes), zeros(this.network.sizes)];
      this.memory.read(this.#place, parameters, velocities);
      this.memory.write(mode, parameters, velocities);
    } else if (mode === "team") {
      this.memory.updateCopies();
    }
    this.#place = mode;
  }
}
