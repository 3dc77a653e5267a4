import { describe, expect, it } from "vitest";
import { Network } from "../../dist/network/network.js";
import { predict } from "../../dist/training/prediction.js";

describe("predict", () => {
  it("gives the best first, the first of equals before the others", () => {
    const network = new Network([1, 4], { output: "softmax" });
    network.biases[0].set([0, 1, 1, -1]);
    const { best, activations } = predict(network, new Float64Array(1), 9);
    expect(best.map((candidate) => candidate.class)).toEqual([1, 2, 0, 3]);
    expect(best[2].activation).toBe(activations[0]);
    expect(activations.reduce((sum, a) => sum + a, 0)).toBeCloseTo(1, 15);
  });
});
