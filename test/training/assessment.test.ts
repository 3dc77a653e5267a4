import { describe, expect, it } from "vitest";
import { Network } from "../../dist/network/network.js";
import { assess } from "../../dist/training/assessment.js";
import { predict } from "../../dist/training/prediction.js";
import { datasetOf, randomExamples } from "../fixtures/examples.js";

describe("assess", () => {
  it("agrees with the network asked one example at a time", async () => {
    const data = datasetOf(randomExamples(150, 3, 4, 5));
    const { images, labels } = data.test;
    for (const [output, cost] of [
      ["sigmoid", "quadratic"],
      ["softmax", "log-likelihood"],
    ] as const) {
      const network = Network.random([12, 6, 5], undefined, { output });
      const { correct, cost: mean, confusion, mistakes } = await assess(network, data, "test", cost);
      const all = Array.from(labels, (label, index) => {
        const { activations, best } = predict(network, images.pixels(index));
        const squares = activations.reduce((sum, a, j) => sum + (a - Number(j === label)) ** 2, 0);
        const cost = output === "softmax" ? -Math.log(activations[label]) : squares / 2;
        return { index, label, answer: best[0].class, activation: best[0].activation, cost };
      });
      const wrong = all.filter(({ label, answer }) => label !== answer).sort((a, b) => b.cost - a.cost);
      expect(correct).toBe(150 - wrong.length);
      expect(mean).toBeCloseTo(all.reduce((sum, { cost }) => sum + cost, 0) / 150, 12); // sums of other orders and forms
      expect(mistakes.map(({ index }) => index)).toEqual(wrong.map(({ index }) => index));
      for (const [i, { activation, ...rest }] of mistakes.entries()) {
        expect(rest).toMatchObject({ label: wrong[i].label, answer: wrong[i].answer });
        expect(activation).toBeCloseTo(wrong[i].activation, 14);
      }
      for (const { label, answer } of all) confusion[label][answer]--;
      expect(confusion.every((row) => row.every((n) => n === 0))).toBe(true);
    }
  });

  it("refuses a part without examples, and a network that does not fit", async () => {
    const data = { ...datasetOf(randomExamples(10, 3, 4, 5)), validation: randomExamples(0, 3, 4, 5) };
    const assessed = (sizes: number[]) => assess(new Network(sizes), data, "validation", "quadratic");
    await expect(assessed([12, 5])).rejects.toThrow(
      /validation data: expected at least one image, found none; hold some/,
    );
    await expect(assessed([13, 5])).rejects.toThrow(/layers 13,5: expected 12 input neurons/);
    await expect(assessed([12, 4])).rejects.toThrow(/5 output neurons or more/);
  });
});
