import { describe, expect, it } from "vitest";
import { TextbookEngine } from "../../../dist/engines/textbook/textbook-engine.js";
import { Network } from "../../../dist/network/network.js";
import { datasetOf, randomExamples } from "../../fixtures/examples.js";

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
