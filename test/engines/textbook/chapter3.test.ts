import { describe, expect, it } from "vitest";
import { Images } from "../../../dist/data/images.js";
import { Textbook } from "../../../dist/engines/textbook/textbook.js";
import { TextbookEngine } from "../../../dist/engines/textbook/textbook-engine.js";
import type { Masks } from "../../../dist/network/dropout.js";
import type { Hyperparameters } from "../../../dist/network/hyperparameters.js";
import { Network, type Parameters, zeros } from "../../../dist/network/network.js";
import { Random } from "../../../dist/network/random.js";
import { datasetOf, randomExamples } from "../../fixtures/examples.js";

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
    const etas = Array(Math.ceil(order.length / 3)).fill(ETA);
    await new TextbookEngine(start, data, { ...hyper, batchSize: 3 }).train(order, etas, { masks });
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
      const textbook = new Textbook(network, data, hyper);
      for (const [k, i] of batch.entries()) {
        textbook.backprop(data.training.images.pixels(i), data.training.labels[i], nabla, {
          ...masks,
          first: masks.first + k,
        });
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
      await new TextbookEngine(network, datasetOf(examples), hyper).train(Uint32Array.of(0, 1), [1]);
      // eta / n = 1/12: L2 takes 6/12 of 1/2 off, L1 6/12 of 1.
      const expected = hyper.lambda ? 0.25 : 0;
      expect(network.weights[0]).toEqual(new Float64Array(30).fill(expected));
      expect(network.biases[0]).toEqual(biases[0]);
      for (const [j, b] of network.biases[1].entries()) expect(b).toBeCloseTo(biases[1][j], 15); // sigma(-40) = 4e-18
    },
  );
});
