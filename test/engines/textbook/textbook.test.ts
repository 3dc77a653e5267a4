import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Images } from "../../../dist/data/images.js";
import { SparseVector } from "../../../dist/data/sparse-vector.js";
import { TextbookEngine } from "../../../dist/engines/textbook/textbook.js";
import { ACTIVATIONS, type ActivationName } from "../../../dist/network/activation.js";
import { type Masks, maskBits } from "../../../dist/network/dropout.js";
import type { Hyperparameters } from "../../../dist/network/hyperparameters.js";
import { Network, type NetworkOptions, type Parameters, zeros } from "../../../dist/network/network.js";
import { OUTPUTS } from "../../../dist/network/output.js";
import { Random } from "../../../dist/network/random.js";
import { BOOK_COSTS, COSTS_AND_OUTPUTS } from "../../fixtures/book.js";
import { handNetwork } from "../../fixtures/by-hand.js";
import { datasetOf, randomExamples } from "../../fixtures/examples.js";

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

/** Every activation, output and cost, with dropout and without; each of SHAPES is tried with a fifth of them, and with the book's. */
const CHOICES: (NetworkOptions & Partial<Hyperparameters>)[] = (Object.keys(ACTIVATIONS) as ActivationName[]).flatMap(
  (activation) =>
    COSTS_AND_OUTPUTS.flatMap(([cost, output]) => [0, 0.4].map((dropout) => ({ activation, output, cost, dropout }))),
);

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
  // No z comes so near to relu's kink that a difference would reach over it.
  it.each(
    SHAPES.flatMap(([sizes, rows, columns], i) =>
      [{}, ...CHOICES.filter((_, c) => c % 5 === i % 5)].map((choice) => [sizes, choice, rows, columns] as const),
    ),
  )("agrees with finite differences for the layers %j with %j", (sizes, choice, rows, columns) => {
    const init = choice.activation ? "scaled" : "gaussian"; // relu's outputs would be saturated
    const network = Network.random(sizes, new Random(11), { ...choice, init });
    const { images, labels } = randomExamples(3, rows, columns, sizes[sizes.length - 1]);
    const engine = new TextbookEngine(network, datasetOf({ images, labels }), choice);
    const x = new SparseVector(rows * columns);
    for (let i = 0; i < labels.length; i++) {
      images.read(i, x);
      const nabla = zeros(sizes);
      const masks = { seed: 99, first: i };
      const cost = () =>
        BOOK_COSTS[choice.cost ?? "quadratic"](feedforward(network, x.toDense(), choice.dropout, masks), labels[i]);
      expect(engine.backprop(x, labels[i], nabla, masks)).toBeCloseTo(cost(), 12); // 1 - a loses a few of its sixteen digits
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

describe("train", () => {
  const SIZES = [6, 5, 4, 3];
  const ETA = 0.7;

  it.each<Partial<Hyperparameters>>([
    {},
    { lambda: 2 },
    { l1: 1.5 },
    { momentum: 0.6 },
    { maxNorm: 1.2 },
    { lambda: 2, l1: 1.5 },
    { lambda: 2, momentum: 0.6 },
    { l1: 1.5, momentum: 0.6 },
    { momentum: 0.6, maxNorm: 1.2 },
    { dropout: 0.4 },
    { dropout: 0.4, lambda: 2, l1: 1.5, momentum: 0.6, maxNorm: 1.2, cost: "cross-entropy" },
  ])("moves the parameters by the book's formulas with %j", async (hyper) => {
    const data = datasetOf(randomExamples(12, 2, 3, 3));
    const start = Network.random(SIZES, new Random(2));
    start.weights[0][3] = 0; // where the sign of l1 is neither
    const order = Uint32Array.of(7, 0, 3, 11, 5, 5, 2, 9); // mini-batches of 3, 3 and 2: three steps of momentum
    const masks = { seed: 41, first: 20 };
    const expected = structuredClone({ weights: start.weights, biases: start.biases });
    const velocity = zeros(SIZES);
    for (let k = 0; k < order.length; k += 3) {
      const first = masks.first + k;
      stepByHand(expected, velocity, gradient(expected, order.subarray(k, k + 3), { ...masks, first }), hyper);
    }
    await new TextbookEngine(start, data, { ...hyper, batchSize: 3 }).train(order, ETA, masks);
    for (const kind of ["weights", "biases"] as const) {
      for (const [l, values] of expected[kind].entries()) {
        // The same products and sums in another order: a few roundings of numbers around 1 in each of three steps.
        for (const [i, value] of values.entries()) expect(start[kind][l][i]).toBeCloseTo(value, 13);
      }
    }

    /** The mean over the mini-batch of the gradients of each example's cost. */
    function gradient({ weights, biases }: Parameters, batch: Uint32Array, masks: Masks): Parameters {
      const nabla = zeros(SIZES);
      const network = Object.assign(new Network(SIZES), { weights, biases });
      const engine = new TextbookEngine(network, data, hyper);
      for (const [k, i] of batch.entries()) {
        const x = SparseVector.fromDense(data.training.images.pixels(i));
        engine.backprop(x, data.training.labels[i], nabla, { ...masks, first: masks.first + k });
      }
      for (const values of [...nabla.weights, ...nabla.biases])
        values.forEach((x, i) => {
          values[i] = x / batch.length;
        });
      return nabla;
    }

    /** Chapter 3: v' = mu v - eta dC/dw (107) and w' = w + v' (108), where C has the terms of L2 (91) and L1 (96) for weights; n is 12. */
    function stepByHand(p: Parameters, v: Parameters, nabla: Parameters, hyper: Partial<Hyperparameters>): void {
      const { lambda = 0, l1 = 0, momentum: mu = 0, maxNorm = Number.POSITIVE_INFINITY } = hyper;
      for (let l = 0; l < p.weights.length; l++) {
        const [w, b] = [p.weights[l], p.biases[l]];
        for (let i = 0; i < w.length; i++) {
          v.weights[l][i] =
            mu * v.weights[l][i] - ETA * (nabla.weights[l][i] + (lambda / 12) * w[i] + (l1 / 12) * Math.sign(w[i]));
          w[i] += v.weights[l][i];
        }
        for (let j = 0; j < b.length; j++) {
          v.biases[l][j] = mu * v.biases[l][j] - ETA * nabla.biases[l][j];
          b[j] += v.biases[l][j];
          const row = w.subarray(j * SIZES[l], (j + 1) * SIZES[l]);
          const length = Math.hypot(...row);
          if (length > maxNorm) row.set(row.map((w) => (w * maxNorm) / length));
        }
      }
    }
  });

  it.each<Partial<Hyperparameters>>([{ lambda: 6 }, { l1: 6 }])(
    "with %j and nothing to learn, only weights decay",
    async (hyper) => {
      // Images all black, and no way from the output back: weights that are 0 above the first layer, and a delta of 0 in the output.
      const network = new Network([6, 5, 3]);
      network.weights[0].fill(0.5);
      network.biases[0].fill(0.25);
      network.biases[1].set([40, -40, -40]); // saturated: sigma' is 0, and so is a - y for label 0
      const biases = structuredClone(network.biases);
      const examples = { images: Images.fromPixels(new Uint8Array(12 * 6), 2, 3), labels: new Uint8Array(12) };
      await new TextbookEngine(network, datasetOf(examples), hyper).train(Uint32Array.of(0, 1), 1);
      // eta / n = 1/12: L2 takes 6/12 of 1/2 off, L1 6/12 of 1.
      const expected = hyper.lambda ? 0.25 : 0;
      expect(network.weights[0]).toEqual(new Float64Array(30).fill(expected));
      expect(network.biases[0]).toEqual(biases[0]);
      for (const [j, b] of network.biases[1].entries()) expect(b).toBeCloseTo(biases[1][j], 15); // sigma(-40) = 4e-18
    },
  );
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

/** The output for x, by the book's equation 25, with the neurons that dropout leaves out at 0 and the others divided by what it keeps. */
function feedforward(network: Network, x: Float64Array, dropout = 0, masks: Masks = { seed: 0, first: 0 }): number[] {
  const { sizes, weights, biases } = network;
  const last = sizes.length - 1;
  let a = x;
  for (let l = 1; l <= last; l++) {
    const below = a;
    const z = biases[l - 1].map((b, j) =>
      below.reduce((sum, a, k) => sum + weights[l - 1][j * below.length + k] * a, b),
    );
    if (l === last) {
      OUTPUTS[network.output].activate(z, z);
      a = z;
    } else {
      const isLeftOut = (j: number) => maskBits(masks.seed, masks.first, l, j) < dropout * 2 ** 32;
      a = z.map((z, j) => (isLeftOut(j) ? 0 : ACTIVATIONS[network.activation].value(z) / (1 - dropout)));
    }
  }
  return [...a];
}
