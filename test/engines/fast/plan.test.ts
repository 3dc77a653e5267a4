/** What the fast engine refuses before training, and what it can train. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ENGINES, type EngineName } from "../../../dist/engines/engines.js";
import { checkFast } from "../../../dist/engines/fast/plan.js";
import { KERNEL_NAMES } from "../../../dist/engines/fast/records.js";
import { TextbookEngine } from "../../../dist/engines/textbook/textbook-engine.js";
import { ConfigurationError } from "../../../dist/errors.js";
import { ACTIVATIONS, type ActivationName } from "../../../dist/network/activation.js";
import { COSTS, type CostName } from "../../../dist/network/cost.js";
import { DEFAULTS } from "../../../dist/network/hyperparameters.js";
import { Network, zeros } from "../../../dist/network/network.js";
import { OUTPUTS } from "../../../dist/network/output.js";
import { Random } from "../../../dist/network/random.js";
import { type Check, checkGradients } from "../../../dist/training/gradient-check.js";
import { datasetOf, randomExamples } from "../../fixtures/examples.js";

const SIZES = [42, 11, 9];
const data = datasetOf(randomExamples(20, 6, 7, 9));

describe("a name that the textbook engine knows and the kernel does not", () => {
  const tables: Record<string, Record<string, unknown>> = { activation: ACTIVATIONS, output: OUTPUTS, cost: COSTS };
  beforeEach(() => {
    tables.activation.novel = ACTIVATIONS.sigmoid;
    tables.output.novel = OUTPUTS.sigmoid;
    tables.cost.novel = COSTS.quadratic;
  });
  afterEach(() => {
    for (const table of Object.values(tables)) delete table.novel;
  });

  it.each(["activation", "output", "cost"] as const)("is refused before training as %s", async (kind) => {
    const network = Network.random(SIZES, new Random(7), { [kind]: "novel" });
    const settings = { ...DEFAULTS, eta: 3, threads: 1, ...(kind === "cost" && { cost: "novel" as CostName }) };
    const check = (engine: EngineName) => ENGINES[engine].check({ network, data, settings });
    expect(() => check("fast")).toThrow(ConfigurationError);
    expect(() => check("fast")).toThrow(
      `${kind}: expected ${KERNEL_NAMES[kind].join(" or ")} for the fast engine, found novel; ` +
        "use --engine textbook, or add it to src/engines/fast/assembly/activation.ts",
    );
    const before = network.weightsSha256();
    const textbook = await check("textbook")(network);
    await textbook.train(Uint32Array.of(0, 1, 2), [settings.eta]);
    expect(network.weightsSha256()).not.toBe(before);
  });

  it("is checked by BP1 to BP4 all the same, and refused only where the fast engine is compared", async () => {
    const activation = "novel" as ActivationName;
    const network = Network.random(SIZES, new Random(7), { activation, init: "scaled" });
    const checks: Check[] = [];
    const all = async () => {
      const options = { ...DEFAULTS, eta: 3, threads: 1, random: new Random(1) };
      for await (const check of checkGradients(network, data, options)) checks.push(check);
    };
    await expect(all()).rejects.toThrow("add it to src/engines/fast/assembly/activation.ts");
    expect(checks.map(({ name, passed }) => [name, passed])).toEqual(
      ["BP1", "BP2", "BP3", "BP4", "step"].map((name) => [name, true]),
    );
  });
});

describe("a name that the kernel knows", () => {
  const choices = KERNEL_NAMES.activation.flatMap((activation) =>
    KERNEL_NAMES.cost.flatMap((cost) => COSTS[cost].outputs.map((output) => ({ activation, cost, output }))),
  );

  it("is one of every table's", () => {
    expect(new Set(choices.map(({ output }) => output))).toEqual(new Set(KERNEL_NAMES.output));
  });

  // One step in float32, as in fast-engine.test.ts. Another activation, output or cost differs by 1e-3 or more.
  it.each(choices)("means the same to the kernel: %j", async ({ activation, cost, output }) => {
    const start = () => Network.random(SIZES, new Random(7), { activation, output, init: "scaled" });
    const settings = { ...DEFAULTS, cost, eta: 0.5, threads: 1 };
    const batch = Uint32Array.from({ length: 10 }, (_, i) => i);
    const engine = await checkFast({ network: start(), data, settings })(start());
    await engine.train(batch, [settings.eta]);
    const found = zeros(SIZES);
    engine.copyTo(found);
    await engine.finish();
    const expected = start();
    await new TextbookEngine(expected, data, settings).train(batch, [settings.eta]);
    for (const kind of ["weights", "biases"] as const) {
      for (const [l, values] of expected[kind].entries()) {
        for (const [i, value] of values.entries()) expect(Math.abs(found[kind][l][i] - value)).toBeLessThan(1e-5);
      }
    }
  });
});
