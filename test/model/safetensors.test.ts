import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigurationError, DataError } from "../../dist/errors.js";
import { checkModelPlace, type Model, readModel, writeModel } from "../../dist/model/model.js";
import { Network } from "../../dist/network/network.js";
import { folderOf } from "../fixtures/idx.js";
import { models, smallModel } from "../fixtures/models.js";

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Reads the format by its own description, apart from the program. */
function parse(bytes: Buffer) {
  const length = Number(bytes.readBigUInt64LE());
  const { __metadata__, ...entries } = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  const tensors = Object.entries(entries as Record<string, Entry>).map(([name, { dtype, shape, data_offsets }]) => {
    const data = bytes.subarray(8 + length).subarray(...data_offsets);
    const numbers = Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) =>
      dtype === "F32" ? data.readFloatLE(4 * i) : data.readDoubleLE(8 * i),
    );
    return { name, dtype, shape, bytes: data.length, numbers };
  });
  return { start: 8 + length, metadata: __metadata__ as Record<string, string>, tensors };
}

/** A file with this header, put into JSON unless it is text or bytes, and these data. */
function file(header: unknown, data: Uint8Array, claimed?: bigint): string {
  const json = Buffer.from(typeof header === "string" || Buffer.isBuffer(header) ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(json.length));
  return join(folderOf({ "model.safetensors": Buffer.concat([length, json, data]) }), "model.safetensors");
}

const NAMES = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"];

/** The header of a float32 network [2,1,3]: 2 + 1 + 3 + 3 numbers, 36 bytes. */
function header(): Record<string, Entry & Record<string, unknown>> {
  return {
    "layers.0.weight": { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
    "layers.0.bias": { dtype: "F32", shape: [1], data_offsets: [8, 12] },
    "layers.1.weight": { dtype: "F32", shape: [3, 1], data_offsets: [12, 24] },
    "layers.1.bias": { dtype: "F32", shape: [3], data_offsets: [24, 36] },
  };
}
const DATA = new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6, 7, 8, 9]).buffer);

describe("a safetensors file", () => {
  it("gives back every bit of any model", async () => {
    const path = join(folderOf({}), "model.safetensors");
    await fc.assert(
      fc.asyncProperty(models, async (model) => {
        await checkModelPlace(path, model);
        await writeModel(path, model);
        expect(await readModel(path)).toEqual(model); // toEqual tells 0 from -0
      }),
    );
  });

  it.each(["float32", "float64"] as const)("is what the format's description says, in %s", async (precision) => {
    const path = join(folderOf({}), "model.safetensors");
    const model = smallModel(precision);
    await writeModel(path, model);
    const { start, metadata, tensors } = parse(readFileSync(path));
    expect(start % 8).toBe(0);
    expect(metadata).toEqual({
      activation: "sigmoid",
      output: "sigmoid",
      cost: "cross-entropy",
      version: "1.2.3",
      seed: "7",
      epoch: "2",
      options: '{"eta":3,"layers":[3,4,2],"shuffle":true}',
      history: '[{"epoch":1,"accuracy":0.5},{"epoch":2,"accuracy":0.75}]',
      classes: "2",
    });
    const { weights, biases } = model.network;
    const [dtype, size] = precision === "float32" ? ["F32", 4] : ["F64", 8];
    expect(tensors).toEqual([
      { name: NAMES[0], dtype, shape: [4, 3], bytes: 12 * size, numbers: [...weights[0]] },
      { name: NAMES[1], dtype, shape: [4], bytes: 4 * size, numbers: [...biases[0]] },
      { name: NAMES[2], dtype, shape: [2, 4], bytes: 8 * size, numbers: [...weights[1]] },
      { name: NAMES[3], dtype, shape: [2], bytes: 2 * size, numbers: [...biases[1]] },
    ]);
  });

  it("is read from another tool: no metadata of ours, any order, header of any length", async () => {
    const { [NAMES[0]]: w0, [NAMES[1]]: b0, ...layer1 } = header();
    const order = { __metadata__: { format: "pt" }, ...layer1, [NAMES[1]]: b0, [NAMES[0]]: w0 };
    for (const pad of ["", " ", "   "]) {
      const { network, ...rest } = await readModel(file(JSON.stringify(order) + pad, DATA));
      expect(rest).toEqual({ cost: "quadratic", precision: "float32", metadata: {} });
      expect(network).toMatchObject({ sizes: [2, 1, 3], activation: "sigmoid", output: "sigmoid" });
      expect([...network.weights, ...network.biases].map((values) => [...values])).toEqual([
        [1, 2],
        [4, 5, 6],
        [3],
        [7, 8, 9],
      ]);
    }
  });

  it("keeps the last 10,000 epochs of the history", async () => {
    const path = join(folderOf({}), "model.safetensors");
    const history = Array.from({ length: 10_001 }, (_, i) => ({
      epoch: i + 1,
      accuracy: 0.5,
      answers: Array(10).fill(999),
    }));
    await writeModel(path, { ...smallModel(), metadata: { history } });
    expect((await readModel(path)).metadata.history).toEqual(history.slice(1));
  });

  it("takes typed arrays in a history for lists", async () => {
    const path = join(folderOf({}), "model.safetensors");
    const history = [{ epoch: 1, accuracy: 0.5, answers: Uint32Array.of(3, 4) }];
    await writeModel(path, { ...smallModel(), metadata: { history } });
    expect((await readModel(path)).metadata.history).toEqual([{ epoch: 1, accuracy: 0.5, answers: [3, 4] }]);
  });

  it.each<[string, (h: ReturnType<typeof header>) => unknown, RegExp]>([
    ["a missing tensor", ({ "layers.1.bias": _, ...h }) => h, /expected a tensor layers.1.bias/],
    ["no tensor", () => ({}), /a tensor layers.0.weight; .*found none/],
    ["a layer too many", (h) => ({ ...h, extra: h["layers.0.bias"] }), /a tensor layers.2.weight/],
    ["other names", () => ({ "fc1.weight": {}, "fc1.bias": {} }), /layers.0.weight, .* found fc1.weight, fc1.bias/],
    ["a tensor of something else beside them", (h) => ({ ...h, step: h[NAMES[1]] }), /found step;/],
    ["a key constructor", (h) => ({ ...h, constructor: {} }), /a tensor layers.2.weight/],
    ["a key __proto__", (h) => JSON.stringify(h).replace("{", '{"__proto__":{},'), /found __proto__/],
    ["a tensor twice", (h) => JSON.stringify(h).replace("{", '{"layers.0.bias":{},'), /layers.0.bias twice/],
    ["a tensor twice, spelt otherwise", (h) => JSON.stringify(h).replace("{", '{"layers.0.bi\\u0061s":{},'), /twice/],
    ["a dtype twice", (h) => JSON.stringify(h).replace('"dtype"', '"dtype":"F64","dtype"'), /dtype twice/],
    ["float16", (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], dtype: "F16" } }), /float32 or float64 .* found F16/],
    ["bfloat16", (h) => ({ ...h, [NAMES[1]]: { ...h[NAMES[1]], dtype: "BF16" } }), /found BF16/],
    ["mixed types", (h) => ({ ...h, [NAMES[3]]: { dtype: "F64", shape: [3], data_offsets: [24, 48] } }), /F32 as in/],
    ["no entry", (h) => ({ ...h, [NAMES[0]]: null }), /dtype, shape and data_offsets for layers.0.weight, found null/],
    ["more in an entry", (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], more: 1 } }), /dtype, shape and data_offsets/],
    ["a shape of 0", (h) => ({ ...h, [NAMES[0]]: { dtype: "F32", shape: [0, 2], data_offsets: [0, 0] } }), /a shape/],
    ["a broken shape", (h) => ({ ...h, [NAMES[0]]: { dtype: "F32", shape: [0.5, 4], data_offsets: [0, 8] } }), /shape/],
    [
      "a flat weight",
      (h) => ({ ...h, [NAMES[0]]: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }),
      /2 dimensions/,
    ],
    [
      "unsafe numbers",
      (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], data_offsets: [0, 2 ** 53] } }),
      /two data_offsets/,
    ],
    [
      "a huge shape",
      (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], shape: [2 ** 50, 2 ** 50] } }),
      /bytes for layers.0.w/,
    ],
    [
      "a shape unlike its bytes",
      (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], shape: [1, 3] } }),
      /12 bytes .* found 8/,
    ],
    [
      "layers that do not meet",
      (h) => ({ ...h, [NAMES[2]]: { ...h[NAMES[2]], shape: [1, 3] } }),
      /1 columns in layers.1/,
    ],
    ["a bias of another layer", (h) => ({ ...h, [NAMES[1]]: h[NAMES[3]] }), /1 numbers in layers.0.bias, found 3/],
    ["an overlap", (h) => ({ ...h, [NAMES[1]]: { ...h[NAMES[1]], data_offsets: [4, 8] } }), /to begin at byte 8/],
    [
      "a gap",
      (h) => ({ ...h, [NAMES[3]]: { ...h[NAMES[3]], data_offsets: [28, 40] } }),
      /to begin at byte 24 .* found 28/,
    ],
    [
      "offsets backwards",
      (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], data_offsets: [8, 0] } }),
      /8 bytes .* found -8/,
    ],
    ["metadata of numbers", (h) => ({ ...h, __metadata__: { seed: 1 } }), /__metadata__ of strings/],
    ["an activation alone", (h) => ({ ...h, __metadata__: { activation: "relu" } }), /for output, found none/],
    ["a strange activation", (h) => ({ ...h, __metadata__: { activation: "toString" } }), /found toString/],
    [
      "a cost of another output",
      (h) => ({ ...h, __metadata__: { activation: "relu", output: "softmax", cost: "quadratic" } }),
      /output sigmoid for cost quadratic, found softmax/,
    ],
    ["a broken seed", (h) => ({ ...h, __metadata__: { seed: "-1" } }), /for seed, found -1/],
    ["a broken history", (h) => ({ ...h, __metadata__: { history: '[{"epoch":1}]' } }), /for history/],
    ["options twice", (h) => ({ ...h, __metadata__: { options: '{"eta":1,"eta":2}' } }), /eta twice/],
    ["JSON cut short", (h) => JSON.stringify(h).slice(0, -1), /sound JSON/],
    ["a list", () => "{}[]", /sound JSON/],
    ["bytes that are no UTF-8", () => Buffer.from([0x7b, 0xff, 0x7d]), /text in UTF-8/],
    ["five million objects", () => `{"a":[${"{},".repeat(5e6)}{}]}`, /at most 4194304 arrays, objects and keys/],
    ["a deep nest", () => `{"a":${"[".repeat(1000)}`, /at most 32 levels/],
  ])("with %s is refused", async (_, change, message) => {
    const read = readModel(file(change(header()), DATA));
    await expect(read).rejects.toThrow(DataError);
    await expect(read).rejects.toThrow(message);
  });

  it.each([
    [1n << 30n, /a header of at most \d+ bytes, found one that claims 1073741824/],
    [(1n << 55n) - 1n, /that claims 36028797018963967/],
    [2n ** 64n - 1n, /expected a safetensors file or/],
    [0n, /sound JSON/],
    [3n, /sound JSON/],
  ])("whose header claims to have %s bytes is refused", async (claimed, message) => {
    const read = readModel(file(header(), DATA, claimed));
    await expect(read).rejects.toThrow(DataError);
    await expect(read).rejects.toThrow(message);
  });

  it("with more or fewer data, or with a number that is none, is refused", async () => {
    for (const data of [DATA.subarray(1), Uint8Array.of(...DATA, 0), new Uint8Array(0)]) {
      await expect(readModel(file(header(), data))).rejects.toThrow(/expected 36 bytes of data, found/);
    }
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const data = new Uint8Array(new Float32Array([1, 2, 3, 4, bad, 6, 7, 8, 9]).buffer);
      await expect(readModel(file(header(), data))).rejects.toThrow(`finite numbers in layers.1.weight, found ${bad}`);
    }
  });

  it("is not made of numbers that could not be read back", async () => {
    const path = join(folderOf({}), "model.safetensors");
    const model: Model = { network: new Network([1, 1]), cost: "quadratic", precision: "float32", metadata: {} };
    for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY, 1e300]) {
      model.network.biases[0][0] = bad;
      await expect(writeModel(path, model)).rejects.toThrow(ConfigurationError);
    }
  });

  it("is not promised for a network that would not fit in", async () => {
    const path = join(folderOf({}), "model.safetensors");
    const network = { sizes: [30_000, 30_000], activation: "sigmoid", output: "sigmoid" } as const;
    await expect(checkModelPlace(path, { network, cost: "quadratic", precision: "float32" })).rejects.toThrow(
      /at most/,
    );
  });
});
