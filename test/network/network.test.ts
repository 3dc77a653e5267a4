/** Tests the network: its sizes, feedforward, its hash, and the options that it refuses. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../dist/errors.js";
import { Network } from "../../dist/network/network.js";
import { Random } from "../../dist/network/random.js";
import { handNetwork } from "../fixtures/by-hand.js";

describe("Network", () => {
  it("has one weight per pair of neurons and one bias per neuron, all drawn from the generator", () => {
    const network = Network.random([5, 4, 3, 2], new Random(9));
    expect(network.weights.map((w) => w.length)).toEqual([20, 12, 6]);
    expect(network.biases.map((b) => b.length)).toEqual([4, 3, 2]);
    const all = [...network.biases, ...network.weights].flatMap((values) => [...values]);
    const random = new Random(9);
    expect(all).toEqual(Array.from({ length: 47 }, () => random.gaussian()));
  });

  it("computes the output worked out by hand", () => {
    const { network, x, activations } = handNetwork();
    const output = network.feedforward(Float64Array.from(x));
    for (const [j, a] of activations[1].entries()) expect(output[j]).toBeCloseTo(a, 14); // a few roundings of numbers near 1
    expect(() => network.feedforward(new Float64Array(3))).toThrow(/x: expected 2 numbers, found 3/);
  });

  it("hashes weights and biases in the order of the layers, as little-endian float64", () => {
    const network = new Network([1, 1, 1]);
    [network.weights[0][0], network.biases[0][0], network.weights[1][0], network.biases[1][0]] = [1, 2, 3, 4];
    const bytes = Buffer.alloc(32);
    for (const [i, value] of [1, 2, 3, 4].entries()) bytes.writeDoubleLE(value, 8 * i);
    expect(network.weightsSha256()).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it.each<[unknown, RegExp]>([
    [[], /an input and an output layer/],
    [[784], /found one layer/],
    [[784, 0, 10], /layers 784,0,10: expected one neuron or more/],
    [[784, 1.5, 10], /found 1.5/],
    [[784, -3, 10], /found -3/],
    [["784", 10], /found '784'/],
    [[784, undefined, 10], /found undefined/],
    [Uint32Array.of(784, 10), /layers: expected an array of layer sizes, found \[Uint32Array\]; for example/],
    ["784,10", /layers: expected an array of layer sizes, found '784,10'/],
    [undefined, /layers: .* found undefined/],
    [[784, 1e9, 10], /memory/],
    [[1, 4e9], /memory/],
    [[2 ** 31, 2 ** 31], /memory/],
  ])("refuses the layers %j", (sizes, message) => {
    expect(() => new Network(sizes as number[])).toThrow(ConfigurationError);
    expect(() => new Network(sizes as number[])).toThrow(message);
  });

  it.each([
    [{ activation: "swish" }, "activation: expected sigmoid or tanh or relu, found swish"],
    [{ output: "linear" }, "output: expected sigmoid or softmax, found linear"],
    [{ init: "zeros" }, "init: expected gaussian or scaled or xavier or he, found zeros"],
    [{ activation: "toString" }, "activation: expected sigmoid or tanh or relu, found toString"],
  ])("refuses %j", (options, message) => {
    expect(() => Network.random([2, 1], undefined, options as object)).toThrow(ConfigurationError);
    expect(() => Network.random([2, 1], undefined, options as object)).toThrow(message);
  });

  it("refuses a seed in place of a generator", () => {
    const random = 1 as unknown as Random;
    expect(() => Network.random([2, 1], random)).toThrow(/random: expected an instance of Random, found 1/);
  });
});
