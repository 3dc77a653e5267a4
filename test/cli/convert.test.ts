/** `bp-train convert`. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCheckpoint, writeCheckpoint } from "../../dist/model/checkpoint.js";
import { readModel, writeModel } from "../../dist/model/model.js";
import { Network } from "../../dist/network/network.js";
import { Random } from "../../dist/network/random.js";
import { smallCheckpoint } from "../fixtures/checkpoints.js";
import { folderOf } from "../fixtures/idx.js";
import { smallModel } from "../fixtures/models.js";
import { run } from "../fixtures/run.js";

const QUIET = { code: 0, stdout: "", stderr: "" };

describe("bp-train convert", () => {
  it("takes the book's network to safetensors and back, and keeps every bit", async () => {
    const folder = folderOf({});
    const [a, b, c] = ["a.json", "b.safetensors", "c.json"].map((name) => join(folder, name));
    const network = Network.random([784, 30, 10], new Random(5));
    await writeModel(a, { network, cost: "quadratic", precision: "float64", metadata: {} });
    expect(await run(["convert", a, b])).toMatchObject(QUIET);
    expect(await run(["convert", b, c])).toMatchObject(QUIET);
    expect(readFileSync(c).equals(readFileSync(a))).toBe(true);
    expect((await readModel(b)).network.weightsSha256()).toBe(network.weightsSha256());
    expect(readdirSync(folder).sort()).toEqual(["a.json", "b.safetensors", "c.json"]);
  });

  it("says what the book's form has no place for", async () => {
    const folder = folderOf({});
    await writeModel(join(folder, "a.safetensors"), smallModel());
    expect(await run(["convert", "a.safetensors", "b.json"], { cwd: folder })).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "Note: b.json has no place for version, options, seed, epoch, history, classes\n",
    });
  });

  it("refuses a network that the book's program does not know", async () => {
    const folder = folderOf({});
    const network = new Network([2, 2], { activation: "tanh" });
    await writeModel(join(folder, "a.safetensors"), { network, cost: "quadratic", precision: "float64", metadata: {} });
    expect(await run(["convert", "a.safetensors", "b.json"], { cwd: folder })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/b.json: .* found activation tanh; use a name that ends in .safetensors\n$/),
    });
    expect(readdirSync(folder)).toEqual(["a.safetensors"]);
  });

  it("replaces a model, and by force a file of another kind", async () => {
    const folder = folderOf({ "b.json": "a letter" });
    await writeModel(join(folder, "a.json"), smallModel());
    await writeModel(join(folder, "c.safetensors"), smallModel("float32"));
    const convert = (...args: string[]) => run(["convert", "a.json", ...args], { cwd: folder });
    expect(await convert("c.safetensors")).toMatchObject(QUIET);
    expect((await readModel(join(folder, "c.safetensors"))).precision).toBe("float64");
    expect(await convert("b.json")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/of another kind; .*--force/),
    });
    expect(readFileSync(join(folder, "b.json"), "utf8")).toBe("a letter");
    expect(await convert("b.json", "--force")).toMatchObject(QUIET);
    expect(readFileSync(join(folder, "b.json"))).toEqual(readFileSync(join(folder, "a.json")));
  });

  it("makes a model of a checkpoint, with all that is known of it", async () => {
    const folder = folderOf({});
    const checkpoint = smallCheckpoint();
    await writeCheckpoint(join(folder, "run.checkpoint"), checkpoint);
    expect(await run(["convert", "run.checkpoint", "a.safetensors"], { cwd: folder })).toMatchObject(QUIET);
    const { network, cost, precision, metadata } = await readModel(join(folder, "a.safetensors"));
    expect({ network, cost, precision }).toEqual({
      network: checkpoint.network,
      cost: checkpoint.cost,
      precision: checkpoint.precision,
    });
    expect(metadata).toMatchObject({ ...checkpoint.metadata, epoch: 2, history: [{ epoch: 1 }, { epoch: 2 }] });
    expect((await run(["convert", "a.safetensors", "a.safetensors"], { cwd: folder })).code).toBe(0);
  });

  it("replaces a checkpoint by force only", async () => {
    const folder = folderOf({});
    const file = join(folder, "run.safetensors");
    await writeModel(join(folder, "a.json"), smallModel());
    await writeCheckpoint(file, smallCheckpoint());
    expect(await run(["convert", "a.json", "run.safetensors"], { cwd: folder })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /run.safetensors: expected no file there, .* found a file of another kind; .*--force/,
      ),
    });
    expect(await readCheckpoint(file)).toEqual(smallCheckpoint());
    expect(await run(["convert", "a.json", "run.safetensors", "--force"], { cwd: folder })).toMatchObject(QUIET);
    await expect(readCheckpoint(file)).rejects.toThrow(
      /expected a checkpoint of bp-train, found a model; give a file that/,
    );
  });

  it.each([
    [["convert"], 2, /missing required argument 'from'/],
    [["convert", "a.json"], 2, /missing required argument 'to'/],
    [["convert", "a.json", "b.json", "c.json"], 2, /too many arguments/],
    [["convert", "none.json", "b.json"], 3, /none.json: expected a file, found none/],
    [
      ["convert", "a.json", "b.pt"],
      2,
      /b.pt: expected a name that ends in .safetensors or .json, found the ending .pt/,
    ],
    [["convert", "a.json", "no/b.json"], 2, /no.b.json: expected a file in a folder .* found no such folder/],
  ])("%j ends with %i", async (args, code, message) => {
    const folder = folderOf({});
    await writeModel(join(folder, "a.json"), smallModel());
    const ended = await run(args, { cwd: folder });
    expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
  });
});
