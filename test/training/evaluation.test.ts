import { describe, expect, it } from "vitest";
import type { Dataset } from "../../dist/data/dataset.js";
import { Images } from "../../dist/data/images.js";
import { ENGINES, type EngineName } from "../../dist/engines/engines.js";
import type { CostName } from "../../dist/network/cost.js";
import { DEFAULTS, type Hyperparameters } from "../../dist/network/hyperparameters.js";
import { Network } from "../../dist/network/network.js";
import type { OutputName } from "../../dist/network/output.js";
import { Random } from "../../dist/network/random.js";
import { Evaluator } from "../../dist/training/evaluation.js";
import { BOOK_COSTS, COSTS_AND_OUTPUTS, sum } from "../fixtures/book.js";
import { datasetOf, randomExamples } from "../fixtures/examples.js";

const startEngine = (engine: EngineName, network: Network, data: Dataset, hyper: Hyperparameters) =>
  ENGINES[engine].check({ network, data, settings: { ...hyper, eta: 3, threads: 1 } })(network);

async function evaluated(engine: EngineName, network: Network, data: Dataset, given: Partial<Hyperparameters> = {}) {
  const hyper = { ...DEFAULTS, ...given };
  const started = await startEngine(engine, network, data, hyper);
  const evaluator = new Evaluator(started, network.sizes, data, hyper);
  const result = {
    with: await evaluator.evaluate("validation", { withCost: true }),
    without: await evaluator.evaluate("test"),
  };
  await started.finish();
  return result;
}

/** Different numbers of training, validation and test examples, more than are evaluated at a time. */
function dataOf(classes: number): Dataset {
  return {
    training: randomExamples(30, 3, 4, classes, 1),
    validation: randomExamples(333, 3, 4, classes, 2),
    test: randomExamples(1500, 3, 4, classes, 3),
    classes,
  };
}

const CASES = COSTS_AND_OUTPUTS.flatMap(([cost, output], i) =>
  [{ lambda: 5 }, { l1: 3 }, [{}, { lambda: 0.1, l1: 0.7 }][i % 2]].map(
    (given) => [{ cost, ...given }, output] as const,
  ),
);

describe.each(Object.keys(ENGINES) as EngineName[])("evaluation by the %s engine", (engine) => {
  it.each<[sizes: number[], output: OutputName]>([
    [[12, 4], "sigmoid"],
    [[12, 7, 5], "softmax"],
    [[12, 1, 1], "sigmoid"],
    [[12, 6, 3, 10], "softmax"],
    [[12, 9, 62], "sigmoid"],
  ])("of %j and output %s counts what the network answers", async (sizes, output) => {
    const network = Network.random(sizes, new Random(3), { output });
    const classes = sizes[sizes.length - 1];
    const { images, labels } = dataOf(classes).test;
    const expected = Array.from(labels, (_, i) => {
      const a = network.feedforward(images.pixels(i));
      return a.indexOf(Math.max(...a));
    });
    const { without } = await evaluated(engine, network, dataOf(classes));
    const correct = expected.filter((answer, i) => answer === labels[i]).length;
    expect(without).toEqual({
      correct,
      total: 1500,
      accuracy: correct / 1500,
      answers: Uint32Array.from({ length: classes }, (_, j) => expected.filter((answer) => answer === j).length),
    });
  });

  // total_cost in network2.py: the mean over these examples, plus lambda/2n times the sum of the squared weights, n of these examples.
  it.each<readonly [Partial<Hyperparameters> & { cost: CostName }, OutputName]>(CASES)(
    "by %j of output %s is the book's total cost",
    async (hyper, output) => {
      const { lambda = 0, l1 = 0 } = hyper;
      const network = Network.random([12, 6, 4], new Random(3), { output, init: "scaled" });
      const data = dataOf(4);
      const { images, labels } = data.validation;
      const n = labels.length;
      const costs = Array.from(labels, (label, i) =>
        BOOK_COSTS[hyper.cost]([...network.feedforward(images.pixels(i))], label),
      );
      const weights = network.weights.flatMap((values) => [...values]);
      const expected =
        sum(costs) / n + (lambda / (2 * n)) * sum(weights.map((w) => w ** 2)) + (l1 / n) * sum(weights.map(Math.abs));
      // float32 keeps 6e-8 of each weight and z, most of which the mean evens out; float64 errs by 1e-16, and sums of 333 by a few times that.
      const tolerance = engine === "fast" ? 1e-7 : 1e-14;
      const found = (await evaluated(engine, network, data, hyper)).with;
      expect(Math.abs((found?.cost as number) - expected) / expected).toBeLessThan(tolerance);
    },
  );

  it("takes the first of equal outputs, and leaves out a cost that nobody asked for", async () => {
    const network = new Network([1, 5]); // every z is 0, or what the bias says
    network.biases[0].set([-1, 2, 0, 2, 2]);
    const examples = { images: Images.fromPixels(Uint8Array.of(0, 9), 1, 1), labels: Uint8Array.of(1, 3) };
    const { without } = await evaluated(engine, network, datasetOf(examples), { batchSize: 1 });
    expect(without).toEqual({ correct: 1, total: 2, accuracy: 0.5, answers: Uint32Array.of(0, 2, 0, 0, 0) });
  });

  it("ends when the signal does", async () => {
    const network = new Network([12, 4]);
    const started = await startEngine(engine, network, dataOf(4), DEFAULTS);
    const evaluator = new Evaluator(started, network.sizes, dataOf(4), DEFAULTS);
    expect(await evaluator.evaluate("test", { signal: AbortSignal.abort() })).toBeUndefined();
    await started.finish();
  });
});
