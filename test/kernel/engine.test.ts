import { describe, expect, it } from "vitest";
import type { Dataset } from "../../dist/data/dataset.js";
import { Images } from "../../dist/data/images.js";
import { FastEngine, type FastOptions } from "../../dist/kernel/engine.js";
import { Network } from "../../dist/network/network.js";
import { Random } from "../../dist/network/random.js";
import { TextbookEngine } from "../../dist/training/textbook.js";
import { datasetOf, randomExamples } from "../fixtures/examples.js";

/** Layer sizes, rows of an image, batch size, examples: one unit, odd sizes, no hidden layer, ten of them, panels of every width. */
const SHAPES: [sizes: number[], rows: number, batchSize: number, n: number][] = [
  [[1, 1], 1, 1, 1],
  [[1, 1, 1], 1, 2, 3],
  [[5, 1], 1, 1, 5],
  [[7, 1, 2], 1, 3, 7],
  [[6, 2], 2, 5, 5],
  [[784, 10], 28, 10, 25],
  [[784, 1, 10], 28, 10, 25],
  [[784, 2, 10], 28, 10, 20],
  [[784, 3, 10], 28, 7, 20],
  [[784, 4, 10], 28, 10, 20],
  [[784, 5, 3], 28, 10, 20],
  [[784, 13, 10], 28, 10, 20],
  [[784, 17, 10], 28, 10, 20],
  [[784, 21, 10], 28, 10, 20],
  [[784, 25, 10], 28, 10, 20],
  [[784, 30, 10], 28, 10, 25],
  [[784, 31, 10], 28, 1, 5],
  [[784, 32, 10], 28, 64, 130],
  [[784, 33, 17, 10], 28, 37, 101],
  [[784, 100, 10], 28, 10, 20],
  [[784, 128, 4], 28, 100, 150],
  [[784, 500, 3], 28, 33, 40],
  [[300, 100, 10], 15, 8, 20],
  [[700, 31, 9], 20, 9, 20],
  [[600, 3, 500, 2], 30, 16, 40],
  [[2, 3000, 3], 1, 4, 9],
  [[9, 40, 3000, 2], 3, 3, 7],
  [[11, 257, 129, 5], 1, 20, 45],
  [[784, 64, 32, 16, 10], 28, 128, 200],
  [[784, 7, 7, 7], 28, 10, 20],
  [[20, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 10], 4, 10, 25],
  [[16, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 3], 4, 2, 5],
  [[17, 2, 300], 1, 5, 12],
  [[1024, 12, 62], 32, 10, 20],
  [[70000, 5, 2], 250, 3, 6],
];

/** The data of a shape; the first image is all white, the second all black. */
function dataOf(sizes: number[], rows: number, n: number): Dataset {
  const { images, labels } = randomExamples(n, rows, sizes[0] / rows, sizes[sizes.length - 1]);
  const pixels = new Uint8Array(n * sizes[0]);
  for (let i = 0; i < n; i++)
    pixels.set(
      images.pixels(i).map((x) => Math.round(255 * x)),
      i * sizes[0],
    );
  pixels.fill(0, 0, sizes[0]);
  pixels.fill(255, sizes[0], 2 * sizes[0]);
  return datasetOf({ images: Images.fromPixels(pixels.subarray(0, n * sizes[0]), rows, sizes[0] / rows), labels });
}

/** Trains on the examples backwards in one epoch, in calls of `slice` mini-batches; gives the network and its answers. */
async function fast(sizes: number[], data: Dataset, batchSize: number, options: FastOptions, slice = 1e9) {
  const network = Network.gaussian(sizes, new Random(7));
  const engine = await FastEngine.create(network, data, batchSize, options);
  const n = data.training.labels.length;
  const order = Uint32Array.from({ length: n }, (_, i) => n - 1 - i);
  for (let k = 0; k < n; k += slice * batchSize) await engine.train(order.subarray(k, k + slice * batchSize), 3);
  const evaluation = await engine.evaluate("test", 0, n);
  await engine.finish();
  return { network, evaluation, hash: network.weightsSha256() };
}

describe("FastEngine", () => {
  // float32 keeps 24 bits: a parameter starts rounded by up to 6e-8 of itself, and a step of eta = 3 adds three times what sums
  // of up to 70,000 rounded products err by. Seen over the table: 1e-6 at most. A wrong term is off by 1e-3 or more.
  const TOLERANCE = 4e-6;

  it.each(SHAPES)(
    "agrees with the textbook engine after a mini-batch: %j, %i rows, batch %i",
    async (sizes, rows, batchSize) => {
      const data = dataOf(sizes, rows, batchSize);
      const expected = Network.gaussian(sizes, new Random(7));
      const order = Uint32Array.from({ length: batchSize }, (_, i) => batchSize - 1 - i);
      await new TextbookEngine(expected, data, batchSize).train(order, 3);
      for (const threads of [1, 2]) {
        const { network } = await fast(sizes, data, batchSize, { threads, build: "debug" });
        for (const kind of ["weights", "biases"] as const) {
          for (let l = 0; l + 1 < sizes.length; l++) {
            expect(largestError(network[kind][l], expected[kind][l])).toBeLessThan(TOLERANCE);
          }
        }
      }
    },
  );

  it.each(SHAPES)(
    "repeats to the bit for any threads, slices and build: %j, %i rows, batch %i, %i examples",
    async (sizes, rows, batchSize, n) => {
      const data = dataOf(sizes, rows, n);
      const first = await fast(sizes, data, batchSize, { threads: 1 });
      expect(first.evaluation.total).toBe(n);
      expect(first.evaluation.answers.reduce((sum, count) => sum + count, 0)).toBe(n);
      for (const [threads, slice, build] of [
        [1, 1, "release"],
        [1, 3, "debug"],
        [2, 1, "debug"],
        [2, 1e9, "release"],
        [3, 2, "release"],
        [4, 1e9, "release"],
      ] as const) {
        const { hash, evaluation } = await fast(sizes, data, batchSize, { threads, build }, slice);
        expect({ threads, slice, hash, evaluation }).toEqual({
          threads,
          slice,
          hash: first.hash,
          evaluation: first.evaluation,
        });
      }
    },
  );

  it("evaluates as the textbook engine does", async () => {
    const examples = randomExamples(500, 6, 7, 9);
    const network = Network.gaussian([42, 11, 9], new Random(3));
    const textbook = await new TextbookEngine(network, datasetOf(examples)).evaluate("validation", 100, 450);
    const engine = await FastEngine.create(network, datasetOf(examples), 10, { threads: 1 });
    expect(await engine.evaluate("validation", 100, 450)).toEqual(textbook);
    await engine.finish();
  });

  it("finds what is not finite", async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1e39]) {
      const network = Network.gaussian([42, 11, 9], new Random(3));
      const make = () => FastEngine.create(network, datasetOf(randomExamples(20, 6, 7, 9)), 10, { threads: 1 });
      const sound = await make();
      expect(sound.isFinite()).toBe(true);
      await sound.finish();
      network.weights[1][98] = value;
      const broken = await make();
      expect(broken.isFinite()).toBe(false);
      await broken.finish();
    }
  });
});

/** The largest difference, relative to numbers above 1. */
function largestError(found: Float64Array, expected: Float64Array): number {
  return expected.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(found[i] - value) / Math.max(1, Math.abs(value))),
    0,
  );
}
