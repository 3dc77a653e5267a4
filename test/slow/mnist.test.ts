import { expect, it } from "vitest";
import { loadDataset, Network, Random, train } from "../../dist/index.js";

// As the fast engine in training/train.test.ts; after one epoch the two are compared in engines/fast/fast-engine.test.ts. Seen: 92.79 %.
it("the textbook engine learns MNIST: above 91 % in three epochs of the book's run", async () => {
  const random = new Random(1);
  const network = Network.random([784, 30, 10], random);
  const { epochs } = await train(network, await loadDataset(), { engine: "textbook", epochs: 3, random });
  expect(epochs[2].accuracy).toBeGreaterThan(0.91);
  expect(epochs[2].accuracy).toBeLessThan(0.97);
  expect(epochs[2].total).toBe(10_000);
});
