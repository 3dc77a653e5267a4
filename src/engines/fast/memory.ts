/** The memory that the kernel and its threads share: makes it, fills it, and copies parameters in and out. */
import type { Dataset, Examples } from "../../data/dataset.js";
import { PARTS } from "../../data/parts.js";
import { ConfigurationError } from "../../errors.js";
import type { Parameters } from "../../network/network.js";
import type { Layout } from "./layout.js";
import type { Mode } from "./pace.js";
import type { Fields } from "./records.js";
import { partStart } from "./shares.js";

/** The size of a page of WebAssembly memory in bytes, and the largest number of pages. */
const [PAGE, MOST_PAGES] = [65536, 65536];

/** Memory that is laid out and filled for one network and data set. All parameters are 0 at first. */
export class KernelMemory {
  readonly #bytes: Uint8Array;

  /**
   * @param memory  filled with zeros
   * @throws ConfigurationError if the system does not give so much memory
   */
  constructor(
    data: Dataset,
    readonly layout: Layout,
    readonly memory = allocate(layout.bytes),
  ) {
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.floats(layout.values, 256).set(Float32Array.from({ length: 256 }, (_, value) => value / 255));
    for (const [at, words] of layout.records) this.words(at, words.length).set(words);
    for (const part of PARTS) this.#writeExamples(layout.images[part].fields, data[part]);
  }

  words(at: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, at, length);
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  integers(at: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, at, length);
  }

  floats(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length);
  }

  /** Writes the parameters and, with momentum, the velocities, rounded to float32, to the arrays on which the threads of the mode work. */
  write(mode: Mode, parameters: Parameters, velocities?: Parameters): void {
    for (const { values, floats, first, step } of this.#vectors(mode, parameters, velocities)) {
      for (let i = 0; i < values.length; i++) floats[first + i * step] = values[i];
    }
    if (mode === "team") this.updateCopies();
  }

  read(mode: Mode, parameters: Parameters, velocities?: Parameters): void {
    for (const { values, floats, first, step } of this.#vectors(mode, parameters, velocities)) {
      for (let i = 0; i < values.length; i++) values[i] = floats[first + i * step];
    }
  }

  /** The layers as a mode's first thread sees them. */
  layers(mode: Mode): { fields: Fields<"layer"> }[] {
    return (mode === "solo" ? this.layout.solo : this.layout.team[0]).layers;
  }

  /** Makes every thread's own copy of a layer the same as the first thread's. */
  updateCopies(): void {
    const [first, ...others] = this.layout.team;
    for (const { layers } of others) {
      for (const [l, { fields: target }] of layers.entries()) {
        const source = first.layers[l].fields; // its parameters and velocities end where the activations begin
        if (target.weights === source.weights) continue; // the threads share this layer
        this.#bytes.copyWithin(target.weights, source.weights, source.activations);
      }
    }
  }

  /**
   * The biases of each layer and the weights into each unit; then, with momentum, the same of the velocities. `values[i]` of the network
   * is `floats[first + i * step]` of the kernel.
   */
  *#vectors(mode: Mode, parameters: Parameters, velocities: Parameters | undefined) {
    for (const [l, { fields }] of this.layers(mode).entries()) {
      const { weights, biases, weightTargets, biasTargets } = fields;
      yield* this.#vectorsOf(fields, weights, biases, parameters, l);
      if (velocities === undefined || weightTargets === weights) continue;
      yield* this.#vectorsOf(fields, weightTargets, biasTargets, velocities, l);
    }
  }

  *#vectorsOf(layer: Fields<"layer">, weightsAt: number, biasesAt: number, parameters: Parameters, l: number) {
    const { inputs, units, rows, vectors, panels } = layer;
    yield { values: parameters.biases[l], floats: this.floats(biasesAt, units), first: 0, step: 1 };
    const weights = parameters.weights[l];
    const floats = this.floats(weightsAt, 4 * rows * vectors);
    for (let panel = 0; panel < panels; panel++) {
      const from = 4 * partStart(vectors, panel, panels);
      const to = 4 * partStart(vectors, panel + 1, panels);
      for (let unit = from; unit < Math.min(units, to); unit++) {
        const values = weights.subarray(unit * inputs, (unit + 1) * inputs);
        yield { values, floats, first: rows * from + unit - from, step: to - from };
      }
    }
  }

  #writeExamples(fields: Fields<"images">, { images, labels }: Examples): void {
    const first = images.starts[0];
    const ink = images.ink.subarray(first, images.starts[images.length]);
    const rows = this.words(fields.rows, 2 * fields.length);
    for (let i = 0; i < fields.length; i++) {
      rows[2 * i] = images.starts[i] - first;
      rows[2 * i + 1] = images.starts[i + 1] - first;
    }
    this.#bytes.set(ink, fields.pairs);
    this.#bytes.set(labels, fields.labels);
    const inOrder = this.words(fields.order, fields.length);
    for (let i = 0; i < inOrder.length; i++) inOrder[i] = i;
  }
}

function allocate(bytes: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE), maximum: MOST_PAGES, shared: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const complaint = {
      thing: "the fast engine's memory",
      expected: `${Math.ceil(bytes / 2 ** 20)} MiB of free memory`,
      found: "less",
      remedy: "allow the process more memory (ulimit -v), or use the textbook engine",
    };
    throw new ConfigurationError(complaint, { cause });
  }
}
