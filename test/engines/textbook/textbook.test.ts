import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Textbook } from "../../../dist/engines/textbook/textbook.js";
import { ACTIVATIONS, type ActivationName } from "../../../dist/network/activation.js";
import type { Masks } from "../../../dist/network/dropout.js";
import type { Hyperparameters } from "../../../dist/network/hyperparameters.js";
import { Network, type NetworkOptions, type Parameters, zeros } from "../../../dist/network/network.js";
import { OUTPUTS } from "../../../dist/network/output.js";
import { Random } from "../../../dist/network/random.js";
import { randomBits } from "../../../dist/network/random-bits.js";
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
    const textbook = new Textbook(network, datasetOf(randomExamples(1, 1, 2, 2)));
    const found = zeros(network.sizes);
    const close = (a: Float64Array, b: number[]) => {
      for (const [i, value] of b.entries()) expect(a[i]).toBeCloseTo(value, 15);
    };
    expect(textbook.backprop(Float64Array.from(x), label, found)).toBeCloseTo(cost, 15);
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
    const textbook = new Textbook(network, datasetOf({ images, labels }), choice);
    for (let i = 0; i < labels.length; i++) {
      const x = images.pixels(i);
      const nabla = zeros(sizes);
      const masks = { seed: 99, first: i };
      const cost = () =>
        BOOK_COSTS[choice.cost ?? "quadratic"](feedforward(network, x, choice.dropout, masks), labels[i]);
      expect(textbook.backprop(x, labels[i], nabla, masks)).toBeCloseTo(cost(), 12); // 1 - a loses a few of its sixteen digits
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
    const textbook = new Textbook(network, datasetOf(randomExamples(1, 2, 3, 2)));
    const x = Float64Array.of(0, 0.5, 0, 1, 0.25, 0);
    const once = zeros([6, 3, 2]);
    const twice = zeros([6, 3, 2]);
    textbook.backprop(x, 1, once);
    textbook.backprop(x, 1, twice);
    textbook.backprop(x, 1, twice);
    expect(twice.weights[0]).toEqual(once.weights[0].map((value) => 2 * value));
    expect(network.weightsSha256()).toBe(before);
  });

  it("refuses an x or a label that does not fit", () => {
    const textbook = new Textbook(new Network([6, 3, 2]), datasetOf(randomExamples(1, 2, 3, 2)));
    expect(() => textbook.backprop(new Float64Array(5), 0, zeros([6, 3, 2]))).toThrow(/x: expected 6 numbers, found 5/);
    for (const label of [2, -1, Number.NaN]) {
      expect(() => textbook.backprop(new Float64Array(6), label, zeros([6, 3, 2]))).toThrow(/label: expected 0 to 1/);
    }
  });
});

describe("updateMiniBatch", () => {
  it("moves every parameter by -eta/m times the sum of its gradients, for any m", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0.01, max: 5, noNaN: true }), (m, eta) => {
        const sizes = [6, 5, 3];
        const network = Network.random(sizes, new Random(m));
        const start = structuredClone({ weights: network.weights, biases: network.biases });
        const examples = randomExamples(12, 2, 3, 3);
        const batch = Uint32Array.from({ length: m }, (_, i) => (5 * i) % 12);
        const textbook = new Textbook(network, datasetOf(examples));
        const sum = zeros(sizes);
        for (const i of batch) textbook.backprop(examples.images.pixels(i), examples.labels[i], sum);
        textbook.updateMiniBatch(batch, eta);
        expectStep(network, start, sum, eta / m);
        const again = structuredClone({ weights: network.weights, biases: network.biases });
        textbook.updateMiniBatch(batch, 0); // the sums have been cleared: no gradient is left over
        expect({ weights: network.weights, biases: network.biases }).toEqual(again);
      }),
      { numRuns: 30 },
    );
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
      const isLeftOut = (j: number) => randomBits(masks.seed, masks.first, l, j) < dropout * 2 ** 32;
      a = z.map((z, j) => (isLeftOut(j) ? 0 : ACTIVATIONS[network.activation].value(z) / (1 - dropout)));
    }
  }
  return [...a];
}
