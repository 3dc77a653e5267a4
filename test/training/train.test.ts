import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Dataset, loadDataset } from "../../dist/data/dataset.js";
import { ConfigurationError, DivergedError } from "../../dist/errors.js";
import { Network } from "../../dist/network/network.js";
import { Random } from "../../dist/network/random.js";
import type { TrainOptions } from "../../dist/training/options.js";
import type { Progress } from "../../dist/training/result.js";
import { TextbookEngine } from "../../dist/training/textbook.js";
import { train } from "../../dist/training/train.js";
import { randomDataset } from "../fixtures/examples.js";

const SIZES = [12, 6, 4];

async function trained(data: Dataset, seed: number, options: TrainOptions = {}) {
  const random = new Random(seed);
  const network = Network.random(SIZES, random);
  const result = await train(network, data, { epochs: 3, random, ...options });
  return { network, result, hash: network.weightsSha256() };
}

describe.each(["textbook", "fast"] as const)("train with the %s engine", (engine) => {
  it("gives the same weights for the same seed, others for another", async () => {
    const data = randomDataset(97, 3, 4, 4);
    const { hash } = await trained(data, 1, { engine });
    expect((await trained(data, 1, { engine })).hash).toBe(hash);
    expect((await trained(data, 2, { engine })).hash).not.toBe(hash);
    expect((await trained(data, 1, { engine, shuffle: false })).hash).not.toBe(hash);
  });

  it("leaves the data untouched", async () => {
    const data = randomDataset(50, 3, 4, 4);
    const hash = () => createHash("sha256").update(JSON.stringify(data)).digest("hex");
    const before = hash();
    await trained(data, 1, { engine });
    expect(hash()).toBe(before);
  });

  it("reports each epoch once, and progress that ends with the last example", async () => {
    const data = randomDataset(97, 3, 4, 4);
    const epochs: number[] = [];
    const progress: Progress[] = [];
    const { result } = await trained(data, 1, {
      engine,
      onEpoch: ({ epoch }: { epoch: number }) => epochs.push(epoch),
      onProgress: (p: Progress) => progress.push(p),
    });
    expect(epochs).toEqual([1, 2, 3]);
    expect(result.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(result).toMatchObject({ status: "done", examples: 3 * 97 });
    expect(progress.at(-1)).toEqual({ epoch: 3, examples: 291, total: 291 });
    for (const { correct, total, accuracy } of result.epochs) expect(accuracy).toBe(correct / total);
  });

  it("stops after the mini-batches in flight, and keeps what was learned", async () => {
    const data = randomDataset(2000, 3, 4, 4);
    const controller = new AbortController();
    const onProgress = ({ examples }: Progress) => examples > 2100 && controller.abort();
    const { result, hash } = await trained(data, 1, { engine, signal: controller.signal, onProgress });
    expect(result.status).toBe("interrupted");
    expect(result.epochs).toHaveLength(1);
    expect(result.examples).toBeGreaterThan(2100);
    expect(result.examples % 10).toBe(0);
    expect(hash).not.toBe((await trained(data, 1, { engine })).hash);
  });

  it("gives the event loop a turn at least every 50 ms, however large the mini-batch", async () => {
    const data = await loadDataset();
    let last = performance.now();
    const pauses: number[] = [];
    const timer = setInterval(() => {
      pauses.push(performance.now() - last);
      last = performance.now();
    }, 1);
    await train(Network.random([784, 30, 10]), data, { engine, epochs: 1, batchSize: 50_000 });
    clearInterval(timer);
    // Judged by the median: a busy machine may take the thread away for longer than that now and then.
    expect(pauses.sort((a, b) => a - b)[pauses.length >> 1]).toBeLessThan(50);
    expect(pauses.length).toBeGreaterThan(5);
  });

  it("stops at once when the weights diverge", async () => {
    // Two hidden neurons that are always equal, with huge weights that cancel: every output is in its steep middle, and the
    // error that comes back through such a weight takes eta past the largest double.
    const network = new Network([12, 2, 4]);
    for (let j = 0; j < 4; j++) network.weights[1].set([1e300, -1e300], 2 * j);
    const error = await train(network, randomDataset(97, 3, 4, 4), { engine, eta: 1e12 }).catch((error) => error);
    expect(error).toBeInstanceOf(DivergedError);
    expect(error.message).toBe(
      "epoch 1: expected finite weights and biases, found NaN or infinity; the learning rate 1000000000000 is too large, try 100000000000",
    );
  });

  it.each([
    [[11, 6, 4], {}, /layers 11,6,4: expected 12 input neurons for images of 3x4, found 11; use 12,6,4/],
    [[12, 6, 3], {}, /expected 4 output neurons or more for labels up to 3, found 3; use 12,6,4/],
    [SIZES, { batchSize: 98 }, /batch size 98: expected a whole number from 1 to 97/],
    [SIZES, { batchSize: 0 }, /batch size 0/],
    [SIZES, { batchSize: 2.5 }, /batch size 2.5/],
    [SIZES, { epochs: 0 }, /epochs: expected a whole number from 1, found 0/],
    [SIZES, { threads: 0 }, /threads: expected a whole number from 1 to 64, found 0/],
    [SIZES, { threads: 1.5 }, /found 1.5/],
    [SIZES, { eta: 0 }, /eta: expected a finite number above 0, found 0/],
    [SIZES, { eta: Number.NaN }, /found NaN/],
    [SIZES, { eta: Number.POSITIVE_INFINITY }, /found Infinity/],
  ])("refuses the layers %j with %j", async (sizes, options, message) => {
    const error = await train(new Network(sizes), randomDataset(97, 3, 4, 4), { engine, ...options }).catch(
      (error) => error,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(message);
  });

  // Seen with seed 1: 92.79 %. Seeds 1 to 12 end their third epoch at 83.9 to 93.4 %.
  it("learns MNIST: above 91 % in three epochs of the book's run", async () => {
    const data = await loadDataset();
    const random = new Random(1);
    const { epochs } = await train(Network.random([784, 30, 10], random), data, { engine, epochs: 3, random });
    expect(epochs[2].accuracy).toBeGreaterThan(0.91);
    expect(epochs[2].accuracy).toBeLessThan(0.97);
    expect(epochs[2].total).toBe(10_000);
  });
});

describe("train with the textbook engine", () => {
  it("without shuffling is the explicit loop, the last mini-batch shorter", async () => {
    const data = randomDataset(97, 3, 4, 4);
    const { network } = await trained(data, 4, {
      engine: "textbook",
      shuffle: false,
      epochs: 2,
      batchSize: 10,
      eta: 0.7,
    });
    const expected = Network.random(SIZES, new Random(4));
    const engine = new TextbookEngine(expected, data);
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let k = 0; k < 97; k += 10) {
        const batch = Uint32Array.from({ length: Math.min(10, 97 - k) }, (_, i) => k + i);
        await engine.updateMiniBatch(batch, 0.7);
      }
    }
    expect(network.weightsSha256()).toBe(expected.weightsSha256());
  });
});
