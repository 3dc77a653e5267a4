/** `bp-train info`. */

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeCheckpoint } from "../../dist/model/checkpoint.js";
import { writeModel } from "../../dist/model/model.js";
import { smallCheckpoint } from "../fixtures/checkpoints.js";
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

  it("tells what a checkpoint holds, and where its run stands, for people", async () => {
    const path = join(folderOf({}), "run.checkpoint");
    const checkpoint = smallCheckpoint();
    await writeCheckpoint(path, checkpoint);
    const { code, stdout, stderr } = await run(["info", path]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`${path}: checkpoint
Layers     3,4,2
Activation tanh
Output     sigmoid
Cost       cross-entropy
Parameters 26, float64
Epochs     2
Run        resumes in epoch 3, after 4 of 6 examples
Best       weights of epoch 1, the best on validation, beside the current ones
Accuracy   62.50 % of the test images after epoch 2
Seed       11
Classes    2
Version    bp-train 1.2.3
Options    layers [3,4,2]
           eta 3
           epochs 5
           shuffle true
Data       ${checkpoint.metadata.datasetSha256}
Weights    ${checkpoint.network.weightsSha256()}
`);
  });

  it("says of a run between two epochs which one was the last", async () => {
    const path = join(folderOf({}), "run.checkpoint");
    const { state, ...checkpoint } = smallCheckpoint();
    await writeCheckpoint(path, { ...checkpoint, state: { ...state, position: null, best: null } });
    const { stdout } = await run(["info", path]);
    expect(stdout).toMatch(/^Run {8}resumes after epoch 2\nAccuracy/m);
  });

  it("tells what a checkpoint holds, for programs", async () => {
    const file = join(folderOf({}), "run.checkpoint");
    const { network, metadata, state, ...checkpoint } = smallCheckpoint();
    await writeCheckpoint(file, { ...checkpoint, network, metadata, state });
    const { code, stdout } = await run(["info", file, "--json"]);
    expect(code).toBe(0);
    const asJson = JSON.stringify(state.finished, (key, v) => (key === "answers" ? Object.values(v) : v));
    expect(parse(stdout)).toEqual([
      {
        event: "info",
        file,
        format: "checkpoint",
        layers: [3, 4, 2],
        activation: "tanh",
        output: "sigmoid",
        parameters: 26,
        weightsSha256: network.weightsSha256(),
        ...checkpoint,
        ...metadata,
        epoch: 2,
        history: JSON.parse(asJson),
        run: { position: 4, trainingExamples: 6, bestEpoch: 1 },
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
