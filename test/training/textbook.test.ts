import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SparseVector } from "../../dist/data/sparse-vector.js";
import { Network, type Parameters, zeros } from "../../dist/network/network.js";
import { Random } from "../../dist/network/random.js";
import { TextbookEngine } from "../../dist/training/textbook.js";
import { handNetwork } from "../fixtures/by-hand.js";
import { datasetOf, randomExamples } from "../fixtures/examples.js";

/** [shape of the network, rows of an image, columns] */
const SHAPES: [sizes: number[], rows: number, columns: number][] = [
  [[1, 1], 1, 1],
  [[6, 2], 2, 3],
  [[4, 1, 1], 2, 2],
  [[2, 3, 2], 1, 2],
  [[12, 5, 4], 3, 4],
  [[9, 8, 7, 6], 3, 3],
  [[10, 4, 4, 4, 3], 2, 5],
  [[25, 11, 10], 5, 5],
];

describe("backprop", () => {
  it("gives BP1-BP4 as worked out by hand", () => {
    const { network, x, label, cost, nabla } = handNetwork();
    const engine = new TextbookEngine(network, datasetOf(randomExamples(1, 1, 2, 2)));
    const found = zeros(network.sizes);
    const close = (a: Float64Array, b: number[]) => {
      for (const [i, value] of b.entries()) expect(a[i]).toBeCloseTo(value, 15);
    };
    expect(engine.backprop(SparseVector.fromDense(Float64Array.from(x)), label, found)).toBeCloseTo(cost, 15);
    for (const l of [0, 1]) {
      close(found.biases[l], nabla.biases[l]);
      close(found.weights[l], nabla.weights[l]);
    }
  });

  // Central differences with h = 1e-5 err by about h^2 |C'''| / 6 = 1e-11 and by epsilon |C| / h = 1e-11, each against
  // gradients of about 1e-2: 1e-6 leaves a hundredfold margin. The smallest gradients are compared with the largest of their array.
  it.each(SHAPES)("agrees with finite differences for the layers %j", (sizes, rows, columns) => {
    const network = Network.random(sizes, new Random(11));
    const { images, labels } = randomExamples(3, rows, columns, sizes[sizes.length - 1]);
    const engine = new TextbookEngine(network, datasetOf({ images, labels }));
    const x = new SparseVector(rows * columns);
    for (let i = 0; i < labels.length; i++) {
      images.read(i, x);
      const nabla = zeros(sizes);
      engine.backprop(x, labels[i], nabla);
      const y = (j: number) => (j === labels[i] ? 1 : 0);
      const cost = () => network.feedforward(x.toDense()).reduce((sum, a, j) => sum + (a - y(j)) ** 2 / 2, 0);
      for (const kind of ["weights", "biases"] as const) {
        for (let l = 0; l < nabla[kind].length; l++) {
          const scale = Math.max(...nabla[kind][l].map(Math.abs), 1e-4);
          expect(largestDifference(network[kind][l], nabla[kind][l], cost) / scale).toBeLessThan(1e-6);
        }
      }
    }
  });

  it("adds to nabla, and leaves the network as it is", () => {
    const network = Network.random([6, 3, 2], new Random(1));
    const before = network.weightsSha256();
    const engine = new TextbookEngine(network, datasetOf(randomExamples(1, 2, 3, 2)));
    const x = SparseVector.fromDense(Float64Array.of(0, 0.5, 0, 1, 0.25, 0));
    const once = zeros([6, 3, 2]);
    const twice = zeros([6, 3, 2]);
    engine.backprop(x, 1, once);
    engine.backprop(x, 1, twice);
    engine.backprop(x, 1, twice);
    expect(twice.weights[0]).toEqual(once.weights[0].map((value) => 2 * value));
    expect(network.weightsSha256()).toBe(before);
  });

  it("refuses an x or a label that does not fit", () => {
    const engine = new TextbookEngine(new Network([6, 3, 2]), datasetOf(randomExamples(1, 2, 3, 2)));
    expect(() => engine.backprop(new SparseVector(5), 0, zeros([6, 3, 2]))).toThrow(/x: expected 6 numbers, found 5/);
    for (const label of [2, -1, Number.NaN]) {
      expect(() => engine.backprop(new SparseVector(6), label, zeros([6, 3, 2]))).toThrow(/label: expected 0 to 1/);
    }
  });
});

describe("updateMiniBatch", () => {
  it("moves every parameter by -eta/m times the sum of its gradients, for any m", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        async (m, eta) => {
          const sizes = [6, 5, 3];
          const network = Network.random(sizes, new Random(m));
          const start = structuredClone({ weights: network.weights, biases: network.biases });
          const examples = randomExamples(12, 2, 3, 3);
          const batch = Uint32Array.from({ length: m }, (_, i) => (5 * i) % 12);
          const engine = new TextbookEngine(network, datasetOf(examples));
          const sum = zeros(sizes);
          const x = new SparseVector(6);
          for (const i of batch) {
            examples.images.read(i, x);
            engine.backprop(x, examples.labels[i], sum);
          }
          await engine.updateMiniBatch(batch, eta);
          expectStep(network, start, sum, eta / m);
          const again = structuredClone({ weights: network.weights, biases: network.biases });
          await engine.updateMiniBatch(batch, 0); // the sums have been cleared: no gradient is left over
          expect({ weights: network.weights, biases: network.biases }).toEqual(again);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("isFinite", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("finds %d wherever it is", (value) => {
    for (const pick of [(n: Network) => n.weights[0], (n: Network) => n.weights[1], (n: Network) => n.biases[1]]) {
      const network = Network.random([4, 3, 2]);
      const engine = new TextbookEngine(network, datasetOf(randomExamples(1, 2, 2, 2)));
      expect(engine.isFinite()).toBe(true);
      pick(network)[1] = value;
      expect(engine.isFinite()).toBe(false);
    }
  });
});

/** The largest difference between the gradient and central differences of `cost` in each of `values`. */
function largestDifference(values: Float64Array, gradient: Float64Array, cost: () => number): number {
  const h = 1e-5;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const kept = values[i];
    values[i] = kept + h;
    const up = cost();
    values[i] = kept - h;
    const down = cost();
    values[i] = kept;
    largest = Math.max(largest, Math.abs((up - down) / (2 * h) - gradient[i]));
  }
  return largest;
}

/** The same arithmetic done the other way round: only the last bits may differ. */
function expectStep(found: Parameters, start: Parameters, gradient: Parameters, step: number): void {
  for (const kind of ["weights", "biases"] as const) {
    for (let l = 0; l < start[kind].length; l++) {
      start[kind][l].forEach((value, i) => {
        expect(found[kind][l][i]).toBeCloseTo(value - step * gradient[kind][l][i], 14);
      });
    }
  }
}
