import { afterEach, expect, it, vi } from "vitest";
import { loadDataset } from "../../dist/data/dataset.js";
import { benchmark } from "../../dist/training/benchmark.js";
import { checkTraining } from "../../dist/training/settings.js";
import { MINI } from "../fixtures/mini-mnist.js";

afterEach(() => vi.restoreAllMocks());

it("divides the times of an epoch by those of the textbook engine, which it times on a part of the images", async () => {
  const data = await loadDataset(MINI, { validation: 3200 });
  const layers = [784, 100, 10];
  // The textbook engine itself is measured, and evaluates the training images, too: 800 beside the 1,000 test images.
  const settings = checkTraining({ sizes: layers }, data, { engine: "textbook", monitor: ["training"] });
  // A clock on which each image takes a second, and nothing else takes time.
  const [trainingReads, testReads] = [data.training, data.test].map(({ images }) => vi.spyOn(images, "readPixels"));
  vi.spyOn(performance, "now").mockImplementation(
    () => 1000 * (trainingReads.mock.calls.length + testReads.mock.calls.length),
  );
  const figures = await benchmark(data, { layers }, settings, { relative: true });
  expect(figures.trainSeconds).toMatchObject({ median: 800, count: 7 });
  expect(figures.evaluateSeconds.median).toBe(1800);
  expect(figures.trainRatio?.median).toBeCloseTo(1, 12);
  expect(figures.evaluateRatio?.median).toBeCloseTo(1.8, 12);
  // Training and evaluation in eight epochs, and 2e8 operations for the textbook engine after each of them.
  const textbookImages = Math.ceil(2e8 / (4 * 784 * 100 + 6 * 100 * 10));
  expect(textbookImages).toBeLessThan(800);
  expect(trainingReads).toHaveBeenCalledTimes(8 * (1600 + textbookImages));
});
