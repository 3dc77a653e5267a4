/** The JSON of the book's program: what is written is read again, to the bit, and as Python spells it; what is damaged is refused. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigurationError, DataError } from "../../dist/errors.js";
import { checkModelPlace, type Model, readModel, writeModel } from "../../dist/model/model.js";
import { Network } from "../../dist/network/network.js";
import { folderOf } from "../fixtures/idx.js";
import { bookModels, smallModel } from "../fixtures/models.js";

/** What `Network.save` of network2.py writes for a network [2,1,2], as Python's json prints it. */
const SAVED =
  '{"sizes": [2, 1, 2], "weights": [[[0.5, -1e-05]], [[1.0], [-0.0]]], "biases": [[[0.1]], [[2.0], [3.5e+20]]], "cost": "CrossEntropyCost"}';

const file = (text: string | Buffer) => join(folderOf({ "model.json": text }), "model.json");

describe("the book's JSON", () => {
  it("is read", async () => {
    const { network, ...rest } = await readModel(file(SAVED));
    expect(rest).toEqual({ cost: "cross-entropy", precision: "float64", metadata: {} });
    expect(network).toMatchObject({ sizes: [2, 1, 2], activation: "sigmoid", output: "sigmoid" });
    expect(network.weights.map((values) => [...values])).toEqual([
      [0.5, -1e-5],
      [1, -0],
    ]);
    expect(network.biases.map((values) => [...values])).toEqual([[0.1], [2, 3.5e20]]);
  });

  it("is written to the letter as Python would, down to how a number is spelt that has two spellings", async () => {
    const path = file(SAVED);
    await writeModel(path, await readModel(path));
    const spelt = SAVED.replace("-1e-05", "-0.00001").replace("3.5e+20", "350000000000000000000.0");
    expect(readFileSync(path, "utf8")).toBe(spelt);
  });

  it("holds weights (out, in), biases as columns, and every bit, of whatever network2.py knows", async () => {
    const path = join(folderOf({}), "model.json");
    await fc.assert(
      fc.asyncProperty(bookModels, async (model) => {
        await checkModelPlace(path, model);
        await writeModel(path, model);
        const { sizes, weights, biases, cost } = JSON.parse(readFileSync(path, "utf8"));
        const { network } = model;
        expect(sizes).toEqual(network.sizes);
        expect(cost).toBe(model.cost === "quadratic" ? "QuadraticCost" : "CrossEntropyCost");
        for (const [l, values] of network.weights.entries()) {
          const rows = Array.from({ length: sizes[l + 1] }, (_, j) =>
            [...values].slice(j * sizes[l], (j + 1) * sizes[l]),
          );
          expect(weights[l]).toEqual(rows);
          expect(biases[l]).toEqual([...network.biases[l]].map((b) => [b]));
        }
        const read = await readModel(path);
        expect(read.network).toEqual(network);
        if (model.precision === "float32") expect(read.precision).toBe("float32");
      }),
    );
  });

  it("has numbers that Python takes for floats, not for integers", async () => {
    const path = join(folderOf({}), "model.json");
    const network = new Network([1, 1]);
    network.weights[0][0] = -3;
    await writeModel(path, { network, cost: "quadratic", precision: "float32", metadata: {} });
    expect(readFileSync(path, "utf8")).toBe(
      '{"sizes": [1, 1], "weights": [[[-3.0]]], "biases": [[[0.0]]], "cost": "QuadraticCost"}',
    );
  });

  it("is float64 unless every number is a float32", async () => {
    expect((await readModel(file(SAVED.replace("0.1", "0.125").replace("-1e-05", "8")))).precision).toBe("float64"); // 3.5e20
    const exact = SAVED.replace("0.1", "0.125").replace("-1e-05", "8").replace("3.5e+20", "0.10000000149011612");
    expect((await readModel(file(exact))).precision).toBe("float32");
  });

  it.each([
    [{ activation: "tanh" }, "quadratic", /found activation tanh; use a name that ends in .safetensors/],
    [{ activation: "relu" }, "cross-entropy", /network2.py can load, found activation relu/],
    [{ output: "softmax" }, "log-likelihood", /found output softmax/],
  ] as const)("is refused before training for %j, %s", async (options, cost, message) => {
    const path = join(folderOf({}), "model.json");
    const model: Model = { network: new Network([2, 2], options), cost, precision: "float64", metadata: {} };
    for (const refused of [checkModelPlace(path, model), writeModel(path, model)]) {
      await expect(refused).rejects.toThrow(ConfigurationError);
      await expect(refused).rejects.toThrow(message);
    }
  });

  it("is refused before training for a network that would make too large a file", async () => {
    const network = { sizes: [784, 10_000, 10], activation: "sigmoid", output: "sigmoid" } as const;
    const path = join(folderOf({}), "model.json");
    const refused = checkModelPlace(path, { network, cost: "quadratic", precision: "float64" });
    await expect(refused).rejects.toThrow(/at most 2396745 weights and biases, found 7950010; use .* .safetensors/);
  });

  it.each([
    ["0.5", "NaN", /expected finite numbers, found NaN/],
    ["0.5", "-Infinity", /expected finite numbers, found -Infinity/],
    ["0.5", "1e999", /finite numbers in weights\[0\]\[0\], found Infinity/],
    ["0.5", "null", /finite numbers in weights\[0\]\[0\], found null/],
    ["0.5", '"0.5"', /finite numbers in weights\[0\]\[0\], found 0.5/],
    ["0.5", "[0.5]", /finite numbers in weights\[0\]\[0\]/],
    ["0.5, ", "", /expected 2 in weights\[0\]\[0\], as sizes say, found 1/],
    ["[[[0.5, -1e-05]], ", "[", /expected 2 in weights, as sizes say, found 1/],
    ["[[0.1]]", "[0.1]", /a list of 1 for biases\[0\]\[0\], found 0.1/],
    ["[[0.1]]", "[[0.1, 0.2]]", /expected 1 in biases\[0\]\[0\], as sizes say, found 2/],
    ["[[0.1]]", "{}", /a list of 1 for biases\[0\], found {}/],
    ["[2, 1, 2]", "[2, 1000000000, 2]", /expected 1000000000 in weights\[0\], as sizes say, found 1/],
    ["[2, 1, 2]", "[2, 1]", /expected 1 in weights, as sizes say, found 2/],
    ["[2, 1, 2]", "[2]", /two or more whole numbers for sizes, found \[2\]/],
    ["[2, 1, 2]", "[2, 0, 2]", /a whole number from 1 for sizes.1, found 0/],
    ["[2, 1, 2]", "[2, 1.5, 2]", /a whole number from 1 for sizes.1, found 1.5/],
    ["[2, 1, 2]", "2", /for sizes, found 2/],
    ["CrossEntropyCost", "LogLikelihoodCost", /QuadraticCost or CrossEntropyCost for cost, found LogLikelihoodCost/],
    ["CrossEntropyCost", "constructor", /for cost, found constructor/],
    [', "cost": "CrossEntropyCost"', "", /a value for cost, found nothing/],
    ['"cost"', '"more": 1, "cost"', /an object of sizes, weights, biases, cost, found the key more/],
    ['"cost"', '"__proto__": {}, "cost"', /an object of sizes, weights, biases, cost, found the key __proto__/],
    ['"cost"', '"sizes": [2, 2, 2], "cost"', /expected 2 in weights\[0\], as sizes say, found 1/], // the last one counts
    ["0.5", '{"toString": 1}', /finite numbers in weights\[0\]\[0\], found {"toString":1}/],
    ["}", "", /valid JSON/],
    ["}", "} {}", /valid JSON/],
  ])("with %s made %s is refused", async (from, to, message) => {
    expect(SAVED).toContain(from);
    const read = readModel(file(SAVED.replace(from, to)));
    await expect(read).rejects.toThrow(DataError);
    await expect(read).rejects.toThrow(message);
  });

  it("is refused when it is too long or fills the memory", async () => {
    const path = file("");
    for (const [text, message] of [
      [`{"sizes": [2${" ".repeat(1 << 26)}]}`, /at most 67108864 bytes of JSON/],
      [`{"sizes": [${"[],".repeat(5e6)}[]]}`, /at most 4194304 arrays and objects/],
      [`{"sizes": ${"[".repeat(16e6)}`, /at most 4194304 arrays and objects/],
      [`{"sizes": ${"[".repeat(1e6)}`, /valid JSON/],
      [`{"sizes": ${"[".repeat(1e6)}${"]".repeat(1e6)}}`, /at most 32 levels/],
      [`{"sizes": ${'{"a":'.repeat(1e6)}1${"}".repeat(1e6)}}`, /at most 32 levels/],
      [`{"sizes": ${'{"__proto__":'.repeat(1e6)}1${"}".repeat(1e6)}}`, /at most 32 levels/],
    ] as const) {
      writeFileSync(path, text);
      await expect(readModel(path)).rejects.toThrow(message);
    }
  });

  it("has no place for what is known beside the parameters", async () => {
    const path = join(folderOf({}), "model.json");
    await writeModel(path, smallModel());
    expect((await readModel(path)).metadata).toEqual({});
  });
});
