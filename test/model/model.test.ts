/** Model files of all formats: which one is written, which one is recognised, what may be replaced. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ConfigurationError, DataError } from "../../dist/errors.js";
import { checkPlace } from "../../dist/files.js";
import { readCheckpoint, writeCheckpoint } from "../../dist/model/checkpoint.js";
import { checkModelPlace, readModel, writeModel } from "../../dist/model/model.js";
import { smallCheckpoint } from "../fixtures/checkpoints.js";
import { folderOf } from "../fixtures/idx.js";
import { smallModel } from "../fixtures/models.js";

describe("a model file", () => {
  it.each(["model", "model.pt", "model.safetensors.bak", ".json"])(
    "named %s is refused before training",
    async (name) => {
      const path = join(folderOf({}), name);
      for (const refused of [checkModelPlace(path, smallModel()), writeModel(path, smallModel())]) {
        await expect(refused).rejects.toThrow(ConfigurationError);
        await expect(refused).rejects.toThrow(/a name that ends in .safetensors or .json/);
      }
    },
  );

  it("has the form that its ending says, in capitals too, and is known by its content", async () => {
    const folder = folderOf({});
    await writeModel(join(folder, "a.JSON"), smallModel());
    await writeModel(join(folder, "b.SafeTensors"), smallModel());
    expect(readFileSync(join(folder, "a.JSON"), "utf8")).toMatch(/^{"sizes": /);
    expect(readFileSync(join(folder, "b.SafeTensors"), "utf8")).toMatch(/"__metadata__"/);
    for (const name of readdirSync(folder)) {
      expect((await readModel(join(folder, name))).network).toEqual(smallModel().network);
    }
  });

  it("of neither form is refused with what it looks like", async () => {
    const folder = folderOf({
      "empty.json": "",
      "letter.json": "Dear Sir,\n",
      "pickle.safetensors": Buffer.from([0x80, 4, 0x95]),
      "zip.safetensors": "PK\x03\x04",
      "list.json": "[1]",
      "packed.safetensors": gzipSync("weights"),
    });
    for (const [name, message] of [
      ["empty.json", /a safetensors file or the JSON of the book's network2.py, found an empty file/],
      ["letter.json", /found what looks like text, "Dear Sir,"/],
      ["pickle.safetensors", /a Python pickle/],
      ["zip.safetensors", /a zip archive/],
      ["list.json", /what looks like JSON/],
      ["packed.safetensors", /found what looks like a gzip file$/],
      ["none.json", /expected a file, found none/],
      [".", /a regular file, found a directory/],
    ] as const) {
      const read = readModel(join(folder, name));
      await expect(read).rejects.toThrow(DataError);
      await expect(read).rejects.toThrow(message);
    }
  });

  it("replaces a model of either form, but nothing else without force", async () => {
    const other = '{"event": "bench"}';
    const folder = folderOf({ "other.json": other, "empty.json": "" });
    const [a, b] = [join(folder, "a.json"), join(folder, "b.safetensors")];
    for (const path of [a, b]) {
      await writeModel(path, smallModel());
      await checkModelPlace(path, smallModel());
    }
    for (const name of ["other.json", "empty.json"]) {
      const path = join(folder, name);
      await expect(checkModelPlace(path, smallModel())).rejects.toThrow(/a file of another kind; .* --force$/);
      await checkModelPlace(path, smallModel(), { force: true });
    }
    expect(readFileSync(join(folder, "other.json"), "utf8")).toBe(other);
  });

  it("and a checkpoint do not replace each other without force", async () => {
    const folder = folderOf({});
    const [model, run] = [join(folder, "model.safetensors"), join(folder, "run.safetensors")];
    await writeModel(model, smallModel());
    await writeCheckpoint(run, smallCheckpoint());
    await expect(checkModelPlace(run, smallModel())).rejects.toThrow(/run.safetensors: .*a file of another kind/);
    await checkModelPlace(run, smallModel(), { force: true });
    await expect(checkPlace(model, { read: readCheckpoint })).rejects.toThrow(/model.safetensors: .* of another kind/);
    await checkPlace(run, { read: readCheckpoint });
  });
});
