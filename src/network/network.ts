/** The network and its parameters, the weights and biases. */
import { createHash } from "node:crypto";
import { endianness, totalmem } from "node:os";
import { ConfigurationError, checkInstance, inspectValue } from "../errors.js";
import { checkRange, type ValuesOf } from "../ranges.js";
import { ACTIVATIONS, type ActivationName } from "./activation.js";
import { NETWORK_SETTINGS as NETWORK } from "./hyperparameters.js";
import { INITS } from "./init.js";
import { OUTPUTS, type OutputName } from "./output.js";
import { Random } from "./random.js";

/**
 * One number for every weight and one for every bias of a network: the parameters themselves, their gradient or their velocity.
 *
 * Layers count from 0 = input, so index l leads into layer l + 1: `weights[l]` is (sizes[l + 1], sizes[l]) row-major, and `biases[l]` has
 * length sizes[l + 1]. For the layers [784, 30, 10], `weights[0]` is 30 x 784.
 */
export interface Parameters {
  readonly weights: Float64Array[];
  readonly biases: Float64Array[];
}

type NetworkSettings = Partial<ValuesOf<typeof NETWORK>>;

/** The functions that the neurons compute. The default of both is the sigmoid, as in the book. */
export type NetworkOptions = Pick<NetworkSettings, "activation" | "output">;

/**
 * A fully-connected network (Nielsen, chapter 1).
 *
 * @throws ConfigurationError if `sizes` has fewer than two layers, a layer without neurons, or more weights than fit into this machine's
 * memory, or if the activation or output is unknown
 */
export class Network implements Parameters {
  readonly sizes: readonly number[];
  readonly activation: ActivationName;
  readonly output: OutputName;
  readonly weights: Float64Array[];
  readonly biases: Float64Array[];

  /** Makes a network whose weights and biases are all 0. */
  constructor(
    sizes: readonly number[],
    { activation = NETWORK.activation.default, output = NETWORK.output.default }: NetworkOptions = {},
  ) {
    checkSizes(sizes);
    checkRange("activation", activation, NETWORK.activation.range);
    checkRange("output", output, NETWORK.output.range);
    this.sizes = [...sizes];
    this.activation = activation;
    this.output = output;
    ({ weights: this.weights, biases: this.biases } = zeros(sizes));
  }

  /**
   * A network to start training from. First all biases, then all weights are drawn from normal distributions, by default N(0, 1), as
   * in the book.
   */
  static random(
    sizes: readonly number[],
    random = new Random(),
    { init = NETWORK.init.default, ...options }: NetworkSettings = {},
  ): Network {
    checkRange("init", init, NETWORK.init.range);
    checkInstance("random", random, Random);
    const network = new Network(sizes, options);
    const { weights, biases } = INITS[init];
    for (const values of network.biases) draw(values, biases, random);
    for (const [l, values] of network.weights.entries()) draw(values, weights(sizes[l], sizes[l + 1]), random);
    return network;
  }

  /**
   * The output activations for the input x: a' = sigma(w a + b), layer after layer (Nielsen, equation 22).
   *
   * @param x  pixels, length sizes[0], scaled to 0..1
   * @throws RangeError if x has the wrong length
   */
  feedforward(x: Float64Array): Float64Array {
    if (x.length !== this.sizes[0]) throw new RangeError(`x: expected ${this.sizes[0]} numbers, found ${x.length}`);
    let a = x;
    for (let l = 0; l < this.weights.length; l++) {
      a = this.biases[l].map((b, j) => b + dot(this.weights[l].subarray(j * a.length, (j + 1) * a.length), a)); // z
      if (l < this.weights.length - 1) a = a.map(ACTIVATIONS[this.activation].value);
    }
    OUTPUTS[this.output].activate(a, a);
    return a;
  }

  /** The SHA-256, in hexadecimal, of all parameters as little-endian float64: weights[0], biases[0], weights[1], ... */
  weightsSha256(): string {
    const hash = createHash("sha256");
    const step = 2 ** 23; // 64 MiB, because a hash takes at most 2 GiB at a time
    for (const values of arraysOf(this)) {
      for (let i = 0; i < values.length; i += step) {
        const part = values.subarray(i, i + step);
        hash.update(endianness() === "LE" ? part : Buffer.from(part.slice().buffer).swap64());
      }
    }
    return hash.digest("hex");
  }
}

/** Returns parameters that are all 0. @throws ConfigurationError if they do not fit into memory */
export function zeros(sizes: readonly number[]): Parameters {
  const outputs = sizes.slice(1);
  try {
    return {
      weights: outputs.map((n, l) => new Float64Array(n * sizes[l])),
      biases: outputs.map((n) => new Float64Array(n)),
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const found = `${gib(bytesToTrain(sizes))} that could not be allocated`;
    throw wrongSizes(sizes, "weights that fit into memory", found, "use fewer neurons", { cause });
  }
}

/** Copies all numbers of `from` to `to`, which has the same layer sizes. */
export function copy(from: Parameters, to: Parameters): void {
  const targets = arraysOf(to);
  for (const [i, values] of arraysOf(from).entries()) targets[i].set(values);
}

/** The arrays of the parameters, in the order in which files and hashes have them: weights[0], biases[0], weights[1], ... */
export function arraysOf({ weights, biases }: Parameters): Float64Array[] {
  return weights.flatMap((values, l) => [values, biases[l]]);
}

function draw(values: Float64Array, deviation: number, random: Random): void {
  if (deviation > 0) for (let i = 0; i < values.length; i++) values[i] = deviation * random.gaussian();
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** @throws ConfigurationError if there cannot be a network with these layers */
export function checkSizes(sizes: readonly number[]): void {
  if (!Array.isArray(sizes)) {
    const [expected, remedy] = ["an array of layer sizes", "for example [784, 30, 10]"];
    throw new ConfigurationError({ thing: "layers", expected, found: inspectValue(sizes), remedy });
  }
  if (sizes.length < 2) {
    const found = sizes.length === 1 ? "one layer" : "none";
    throw wrongSizes(sizes, "an input and an output layer at least", found, "for example 784,30,10");
  }
  const wrong = sizes.findIndex((n) => !Number.isInteger(n) || n < 1);
  if (wrong >= 0) throw wrongSizes(sizes, "one neuron or more in every layer", inspectValue(sizes[wrong]));
  // The machine's memory, or the limit of the container.
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (bytesToTrain(sizes) > memory) {
    const expected = `weights that fit into this machine's ${gib(memory)} of memory`;
    const found = `a network that takes ${gib(bytesToTrain(sizes))} to train`;
    throw wrongSizes(sizes, expected, found, "use fewer neurons");
  }
}

/** The number of weights and biases. */
export function parameterCount(sizes: readonly number[]): number {
  return sizes.slice(1).reduce((sum, n, l) => sum + n * (sizes[l] + 1), 0);
}

/** For the parameters and their gradient. */
function bytesToTrain(sizes: readonly number[]): number {
  return 2 * Float64Array.BYTES_PER_ELEMENT * parameterCount(sizes);
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function wrongSizes(
  sizes: readonly number[],
  expected: string,
  found: string,
  remedy?: string,
  options?: ErrorOptions,
) {
  return new ConfigurationError({ thing: `layers ${sizes.join(",")}`, expected, found, remedy }, options);
}
