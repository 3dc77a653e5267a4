/** Models in safetensors files: what is written is read again, to the bit; what is damaged is refused. */

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
/** Tensors under other names. */
const named = (from: RegExp, to: string) => (h: object) =>
  Object.fromEntries(Object.entries(h).map(([name, entry]) => [name.replace(from, to), entry]));
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

  it("keeps the latest epochs of a history, as many as fit into 8 MiB of the header", async () => {
    const path = join(folderOf({}), "model.safetensors");
    // 10,000 epochs of 256 classes, all parts monitored: JSON of some 30 MB.
    const evaluation = { correct: 9000, total: 10_000, accuracy: 0.9, answers: Array(256).fill(12_345), cost: 0.1 };
    const monitored = { training: evaluation, validation: evaluation, test: evaluation };
    const history = Array.from({ length: 10_000 }, (_, i) => ({ epoch: i + 1, eta: 3, ...evaluation, monitored }));
    await writeModel(path, { ...smallModel(), metadata: { version: "1.2.3", seed: 7, history } });
    const { metadata } = await readModel(path);
    expect(metadata).toMatchObject({ version: "1.2.3", seed: 7 });
    const kept = metadata.history?.length ?? 0;
    expect(metadata.history).toEqual(history.slice(-kept));
    const inHeader = parse(readFileSync(path)).start;
    expect(inHeader).toBeLessThan(8 * 2 ** 20 + 1000);
    expect(inHeader + inHeader / kept).toBeGreaterThan(8 * 2 ** 20); // one more would have been too many
  });

  it("keeps a history of text that takes more bytes in a header than characters", async () => {
    const path = join(folderOf({}), "model.safetensors");
    const history = Array.from({ length: 5000 }, (_, i) => ({
      epoch: i + 1,
      accuracy: 0.5,
      note: '"\u20ac\ud800'.repeat(1000),
    }));
    await writeModel(path, { ...smallModel(), metadata: { history } });
    const kept = (await readModel(path)).metadata.history ?? [];
    expect(kept).toEqual(history.slice(-kept.length));
    expect(parse(readFileSync(path)).start).toBeLessThan(8 * 2 ** 20 + 1000);
  });

  it("is not made of metadata that would make a header too long to be read", async () => {
    const path = join(folderOf({}), "model.safetensors");
    const written = writeModel(path, { ...smallModel(), metadata: { options: { name: "x".repeat(17e6) } } });
    await expect(written).rejects.toThrow(ConfigurationError);
    await expect(written).rejects.toThrow(/metadata: expected a header of at most 16777216 bytes, found 17000/);
  });

  it("takes typed arrays in a history for lists", async () => {
    const path = join(folderOf({}), "model.safetensors");
    const history = [{ epoch: 1, accuracy: 0.5, answers: Uint32Array.of(3, 4) }];
    await writeModel(path, { ...smallModel(), metadata: { history } });
    expect((await readModel(path)).metadata.history).toEqual([{ epoch: 1, accuracy: 0.5, answers: [3, 4] }]);
  });

  it.each<[string, (h: ReturnType<typeof header>) => unknown, RegExp]>([
    ["a missing tensor", ({ "layers.1.bias": _, ...h }) => h, /expected 24 bytes of data, found 36/],
    ["no tensor", () => ({}), /expected 0 bytes of data, found 36/],
    ["a tensor over another", (h) => ({ ...h, extra: h["layers.0.bias"] }), /extra to begin at byte 12 .*, found 8/],
    [
      "other names",
      named(/^layers/, "fc"),
      /a tensor layers.0.weight, found fc.0.weight, fc.0.bias, fc.1.weight, fc.1.bias;/,
    ],
    [
      "a layer without a bias",
      named(/^layers.1.bias/, "layers.2.bias"),
      /a tensor layers.1.bias, found layers.0.weight, layers.0.bias, layers.1.weight, layers.2.bi.../,
    ],
    [
      "a tensor of something else beside them",
      (h) => ({ ...h, step: { dtype: "F32", shape: [0], data_offsets: [36, 36] } }),
      /no other tensor, found step;/,
    ],
    [
      "bytes that are no numbers",
      (h) => ({ ...h, [NAMES[1]]: { dtype: "I32", shape: [1], data_offsets: [8, 12] } }),
      /F32 of shape \[1\] for layers.0.bias, found I32/,
    ],
    [
      "whole numbers",
      (h) => ({ ...h, [NAMES[0]]: { dtype: "I32", shape: [1, 2], data_offsets: [0, 8] } }),
      /F32 or F64 for layers.0.weight, found I32/,
    ],
    ["a key constructor", (h) => ({ ...h, constructor: {} }), /a value for dtype of constructor, found nothing/],
    ["a key __proto__", (h) => JSON.stringify(h).replace("{", '{"__proto__":{},'), /a value for dtype of __proto__/],
    [
      "float16",
      (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], dtype: "F16" } }),
      /F32 or F64 or I32 for dtype of layers.0.weight, found F16/,
    ],
    ["bfloat16", (h) => ({ ...h, [NAMES[1]]: { ...h[NAMES[1]], dtype: "BF16" } }), /found BF16/],
    [
      "mixed types",
      (h) => ({
        ...h,
        [NAMES[1]]: { dtype: "F64", shape: [1], data_offsets: [8, 16] },
        [NAMES[2]]: { dtype: "F32", shape: [2, 1], data_offsets: [16, 24] },
      }),
      /F32 of shape \[1\] for layers.0.bias, found F64/,
    ],
    ["no entry", (h) => ({ ...h, [NAMES[0]]: null }), /dtype, shape and data_offsets for layers.0.weight, found null/],
    ["more in an entry", (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], more: 1 } }), /dtype, shape and data_offsets/],
    [
      "a shape of 0",
      (h) => ({
        ...h,
        [NAMES[0]]: { dtype: "F32", shape: [0, 2], data_offsets: [0, 0] },
        x: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      }),
      /a matrix for layers.0.weight, found the shape/,
    ],
    ["a broken shape", (h) => ({ ...h, [NAMES[0]]: { dtype: "F32", shape: [0.5, 4], data_offsets: [0, 8] } }), /shape/],
    [
      "a flat weight",
      (h) => ({ ...h, [NAMES[0]]: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }),
      /a matrix for layers.0.weight/,
    ],
    [
      "unsafe numbers",
      (h) => ({ ...h, [NAMES[0]]: { ...h[NAMES[0]], data_offsets: [0, 2 ** 53] } }),
      /a whole number from 0 for data_offsets.1 of layers.0.weight, found 9007199254740992/,
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
    [
      "a bias of another layer",
      (h) => ({ ...h, [NAMES[1]]: h[NAMES[3]], [NAMES[3]]: h[NAMES[1]] }),
      /F32 of shape \[1\] for layers.0.bias, found F32 of shape \[3\]/,
    ],
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
    ["metadata of numbers", (h) => ({ ...h, __metadata__: { seed: 1 } }), /text for seed of __metadata__, found 1/],
    [
      "an activation alone",
      (h) => ({ ...h, __metadata__: { activation: "relu" } }),
      /a value for output, found nothing/,
    ],
    ["a strange activation", (h) => ({ ...h, __metadata__: { activation: "toString" } }), /found toString/],
    [
      "a cost of another output",
      (h) => ({ ...h, __metadata__: { activation: "relu", output: "softmax", cost: "quadratic" } }),
      /output sigmoid for cost quadratic, found softmax/,
    ],
    [
      "a broken seed",
      (h) => ({ ...h, __metadata__: { seed: "-1" } }),
      /expected a whole number from 0 to 4294967295 for seed, found -1;/,
    ],
    [
      "a broken history",
      (h) => ({ ...h, __metadata__: { history: '[{"epoch":1}]' } }),
      /a value for history.0.accuracy, found nothing/,
    ],
    [
      "an accuracy of 95",
      (h) => ({ ...h, __metadata__: { history: '[{"epoch":1,"accuracy":95}]' } }),
      /from 0 to 1 for history.0.accuracy, found 95/,
    ],
    [
      "an accuracy NaN",
      (h) => ({ ...h, __metadata__: { history: '[{"epoch":1, "accuracy": NaN}]' } }),
      /finite numbers, found NaN/,
    ],
    ["JSON cut short", (h) => JSON.stringify(h).slice(0, -1), /valid JSON/],
    ["a list", () => "{}[]", /valid JSON/],
    ["bytes that are no UTF-8", () => Buffer.from([0x7b, 0xff, 0x7d]), /text in UTF-8/],
    [
      "five million objects",
      () => `{"a":[${"{},".repeat(5e6)}{}]}`,
      /at most 4194304 arrays and objects, found 5000003/,
    ],
    ["eight million numbers", () => `{"a":[${"1,".repeat(8e6)}1]}`, /a value for dtype of a, found nothing/],
    ["a million keys", () => `{${Array.from({ length: 1e6 }, (_, i) => `"${i}":1`)}}`, /for 0, found 1/],
    ["brackets that nothing closes", () => `{${"[".repeat(16e6)}`, /at most 4194304 arrays|valid JSON/],
    ["four million brackets that nothing closes", () => `{"a":${"[".repeat(4e6)}`, /valid JSON/],
    [
      "a nest of a thousand levels",
      () => `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`,
      /JSON of at most 32 levels, found more/,
    ],
    [
      "a nest of two million levels",
      () => `{"a":${"[".repeat(2e6)}${"]".repeat(2e6)}}`,
      /JSON of at most 32 levels, found more/,
    ],
    [
      "__proto__ at every level",
      () => `${'{"__proto__":'.repeat(1e6)}1${"}".repeat(1e6)}`,
      /JSON of at most 32 levels, found more/,
    ],
    [
      "__proto__ at 30 levels",
      () => `${'{"__proto__":'.repeat(30)}1${"}".repeat(30)}`,
      /a value for dtype of __proto__/,
    ],
  ])("with %s is refused", async (_, change, message) => {
    const read = readModel(file(change(header()), DATA));
    await expect(read).rejects.toThrow(DataError);
    await expect(read).rejects.toThrow(message);
  });

  it("with __proto__ in its options is read without it, and nothing is polluted", async () => {
    const options = '{"eta":3,"__proto__":{"polluted":1},"layers":{"__proto__":{"polluted":1}}}';
    const { metadata } = await readModel(file({ ...header(), __metadata__: { options } }, DATA));
    expect(Object.keys(metadata.options ?? {})).toEqual(["eta", "layers"]);
    expect(metadata.options?.polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("with a key twice has the last value", async () => {
    const twice = JSON.stringify({ ...header(), __metadata__: { options: '{"eta":1,"eta":2}' } }).replace(
      '"dtype"',
      '"dtype":"F64","dtype"',
    );
    expect((await readModel(file(twice, DATA))).metadata.options).toEqual({ eta: 2 });
  });

  it.each([
    [1n << 30n, /a header of at most \d+ bytes, found one that claims 1073741824/],
    [(1n << 55n) - 1n, /that claims 36028797018963967/],
    [2n ** 64n - 1n, /expected a safetensors file or/],
    [0n, /valid JSON/],
    [3n, /valid JSON/],
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
