import type { Dataset, Examples } from "../../data/dataset.js";
import { PARTS } from "../../data/parts.js";
import { ConfigurationError } from "../../errors.js";
import { ACTIVATIONS } from "../../network/activation.js";
import { COSTS } from "../../network/cost.js";
import { dropThreshold } from "../../network/dropout.js";
import type { Hyperparameters } from "../../network/hyperparameters.js";
import type { Network, Parameters } from "../../network/network.js";
import { OUTPUTS } from "../../network/output.js";
import type { Layout } from "./layout.js";
import { FIELDS, type Fields, type Placed } from "./records.js";
import { part } from "./shares.js";

const PAGE = 65536;

/** The memory that the kernel and its threads share, laid out and filled for one network and data set. */
export class KernelMemory {
  readonly layout: Layout;
  readonly memory: WebAssembly.Memory;

  /** All parameters are 0. @throws ConfigurationError if the machine has not so much memory to share */
  constructor(network: Network, data: Dataset, hyper: Hyperparameters, layout: Layout) {
    this.layout = layout;
    this.memory = allocate(this.layout.bytes);
    this.floats(layout.values, 256).set(Float32Array.from({ length: 256 }, (_, value) => value / 255));
    this.#write("rule", { at: layout.rule, fields: ruleOf(network, hyper, data.training.labels.length) });
    for (const thread of [...layout.threads, layout.solo]) this.#write("thread", thread);
    for (const layer of layout.layers.flat()) this.#write("layer", layer);
    this.#write("images", layout.shuffled);
    for (const part of PARTS) this.#writeExamples(layout.images[part], data[part]);
    const inOrder = Math.max(...PARTS.map((part) => data[part].labels.length));
    this.words(layout.inOrder, inOrder).set(Uint32Array.from({ length: inOrder }, (_, i) => i));
  }

  /** A view of u32 words. */
  words(at: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, at, length);
  }

  /** Rounds parameters, and velocities if there is momentum, to float32. */
  write(parameters: Parameters, velocities?: Parameters): void {
    this.#forEachArray(parameters, velocities, (floats, at, values, i) => {
      floats[at] = values[i];
    });
    this.spreadCopies();
  }

  read(parameters: Parameters, velocities?: Parameters): void {
    this.#forEachArray(parameters, velocities, (floats, at, values, i) => {
      values[i] = floats[at];
    });
  }

  /** Gives every thread's copy of a layer the parameters of the first one's. */
  spreadCopies(): void {
    const bytes = new Uint8Array(this.memory.buffer);
    const [first, ...others] = this.layout.layers;
    for (const [l, { fields }] of first.entries()) {
      for (const copy of others.map((layers) => layers[l].fields).filter(({ weights }) => weights !== fields.weights)) {
        for (const kind of ["weights", "weightTargets"] as const) {
          bytes.copyWithin(copy[kind], fields[kind], fields[kind] + 16 * fields.rows * fields.vectors);
        }
        for (const kind of ["biases", "biasTargets"] as const) {
          bytes.copyWithin(copy[kind], fields[kind], fields[kind] + 16 * fields.vectors);
        }
      }
    }
  }

  /** Calls `visit` for each number of `parameters`, and of `velocities` if there are both: where it is here, and there. */
  #forEachArray(parameters: Parameters, velocities: Parameters | undefined, visit: Visit): void {
    for (const [l, { fields }] of this.layout.layers[0].entries()) {
      const { weights, weightTargets, biases, biasTargets } = fields;
      this.#forEachWeight(fields, weights, parameters.weights[l], visit);
      this.#forEachBias(fields, biases, parameters.biases[l], visit);
      if (velocities === undefined || weightTargets === weights) continue;
      this.#forEachWeight(fields, weightTargets, velocities.weights[l], visit);
      this.#forEachBias(fields, biasTargets, velocities.biases[l], visit);
    }
  }

  #forEachBias({ units }: Fields<"layer">, at: number, values: Float64Array, visit: Visit): void {
    const floats = this.floats(at, units);
    for (let i = 0; i < units; i++) visit(floats, i, values, i);
  }

  /** The place of each weight of a layer in the panels that begin at `at`, and in (units, inputs) row-major. */
  #forEachWeight(layer: Fields<"layer">, at: number, values: Float64Array, visit: Visit): void {
    const { inputs, units, rows, vectors, panels } = layer;
    for (let p = 0; p < panels; p++) {
      const from = 4 * part(vectors, p, panels);
      const width = 4 * part(vectors, p + 1, panels) - from;
      const panel = this.floats(at + 4 * rows * from, rows * width);
      for (let unit = from; unit < Math.min(units, from + width); unit++) {
        for (let input = 0; input < inputs; input++) {
          visit(panel, input * width + unit - from, values, unit * inputs + input);
        }
      }
    }
  }

  #writeExamples(place: Placed<"images">, { images, labels }: Examples): void {
    const { starts, pairs } = place.fields;
    const first = images.starts[0];
    const ends = this.words(starts, images.length + 1);
    for (let i = 0; i < ends.length; i++) ends[i] = images.starts[i] - first;
    this.#bytes(pairs, ends[images.length]).set(images.ink.subarray(first, images.starts[images.length]));
    this.#bytes(place.fields.labels, labels.length).set(labels);
    this.#write("images", place);
  }

  #write<Kind extends keyof typeof FIELDS>(kind: Kind, { at, fields }: Placed<Kind>): void {
    this.words(at, FIELDS[kind].length).set(FIELDS[kind].map((name) => fields[name as keyof typeof fields]));
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  /** A view of f32 numbers. */
  floats(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length);
  }
}

/** A number at `at` of `floats` here, and at `i` of `values` there. */
type Visit = (floats: Float32Array, at: number, values: Float64Array, i: number) => void;

function allocate(bytes: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE), maximum: PAGE, shared: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const complaint = { thing: "the fast engine's memory", expected: `${Math.ceil(bytes / 2 ** 20)} MiB to share` };
    const remedy = "allow the process more (ulimit -v), or use the textbook engine";
    throw new ConfigurationError({ ...complaint, found: "none to be had", remedy }, { cause });
  }
}

/** The record of how `n` training examples move the parameters. */
function ruleOf({ activation, output }: Network, hyper: Hyperparameters, n: number): Fields<"rule"> {
  const { cost, lambda, l1, momentum, dropout, maxNorm } = hyper;
  return {
    activation: Object.keys(ACTIVATIONS).indexOf(activation),
    output: Object.keys(OUTPUTS).indexOf(output),
    cost: Object.keys(COSTS).indexOf(cost),
    l2: bits(lambda / n),
    l1: bits(l1 / n),
    momentum: bits(momentum),
    dropBelow: dropThreshold(dropout),
    keep: bits(1 - dropout),
    dropFactor: bits(1 / (1 - dropout)),
    maxNorm: bits(maxNorm < Number.POSITIVE_INFINITY ? maxNorm : 0),
  };
}

/** The bits of x as float32. */
function bits(x: number): number {
  return new Uint32Array(Float32Array.of(x).buffer)[0];
}
