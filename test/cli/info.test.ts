import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeModel } from "../../dist/model/model.js";
import { folderOf } from "../fixtures/idx.js";
import { smallModel } from "../fixtures/models.js";
import { parse, run } from "../fixtures/run.js";

describe("bp-train info", () => {
  it("tells what a model file holds, for people", async () => {
    const path = join(folderOf({}), "model.safetensors");
    const model = smallModel("float32");
    await writeModel(path, { ...model, metadata: { ...model.metadata, options: { eta: 3, name: "a\u009b31mb" } } });
    const { code, stdout, stderr } = await run(["info", path]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`${path}: safetensors
Layers     3,4,2
Activation sigmoid
Output     sigmoid
Cost       cross-entropy
Parameters 26, float32
Epochs     2
Accuracy   75.00 % of the test images after epoch 2
Seed       7
Classes    2
Version    bp-train 1.2.3
Options    eta 3
           name "a\\x9b31mb"
Weights    ${model.network.weightsSha256()}
`);
  });

  it.each([
    ["model.json", "the book's JSON", {}],
    ["model.safetensors", "safetensors", smallModel().metadata],
  ])("tells what %s holds, for programs", async (name, format, metadata) => {
    const file = join(folderOf({}), name);
    const model = smallModel();
    await writeModel(file, model);
    const { code, stdout } = await run(["info", file, "--json"]);
    expect(code).toBe(0);
    expect(parse(stdout)).toEqual([
      {
        event: "info",
        file,
        format,
        layers: [3, 4, 2],
        activation: "sigmoid",
        output: "sigmoid",
        cost: "cross-entropy",
        parameters: 26,
        precision: "float64",
        weightsSha256: model.network.weightsSha256(),
        ...metadata,
      },
    ]);
  });

  it.each([
    [["info"], 2, /missing required argument 'model'/],
    [["info", "--json"], 2, /missing required argument 'model'/],
    [["info", "a", "b"], 2, /too many arguments/],
    [["--epochs", "3", "info", "a"], 2, /option '-e, --epochs <n>' belongs after 'info'/],
    [["info", "no-such-file"], 3, /no-such-file: expected a file, found none/],
    [["info", "/"], 3, /found a directory/],
    [
      ["info", process.execPath],
      3,
      /a safetensors file or the JSON of the book's network2.py, found unknown data that begins/,
    ],
  ])("%j ends with %i", async (args, code, message) => {
    expect(await run(args)).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
  });
});
