/** Checkpoints: what is written is read again, to the bit, in the form that README.md describes; what is damaged or forged is refused. */

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { PARTS } from "../../dist/data/parts.js";
import { ConfigurationError, DataError } from "../../dist/errors.js";
import {
  type Checkpoint,
  type CheckpointLayout,
  checkCheckpointSize,
  readCheckpoint,
  writeCheckpoint,
} from "../../dist/model/checkpoint.js";
import { readModel, readModelFile } from "../../dist/model/model.js";
import { Network, zeros } from "../../dist/network/network.js";
import { checkpoints, checksummed, smallCheckpoint } from "../fixtures/checkpoints.js";

const folder = mkdtempSync(join(tmpdir(), "bp-train-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "run.checkpoint");

type Json = Record<string, unknown>;
interface Entry {
  dtype: "F32" | "F64" | "I32";
  shape: number[];
  data_offsets: [number, number];
}

/** The length of the header, the header and the data. */
function split(bytes: Buffer) {
  const end = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__, ...entries } = JSON.parse(bytes.toString("utf8", 8, end));
  return {
    metadata: __metadata__ as Record<string, string>,
    entries: entries as Record<string, Entry>,
    data: Buffer.from(bytes.subarray(end)),
  };
}

/** Reads a checkpoint by the description in README.md, apart from the program. */
function readForeign(bytes: Buffer) {
  const { metadata, entries, data } = split(bytes);
  const digits = bytes.indexOf(metadata.sha256);
  const zeroed = Buffer.from(bytes).fill("0", digits, digits + 64);
  expect(createHash("sha256").update(zeroed).digest("hex")).toBe(metadata.sha256);
  let end = 0;
  const tensors = Object.fromEntries(
    Object.entries(entries).map(([name, { dtype, shape, data_offsets }]) => {
      expect(data_offsets[0]).toBe(end);
      end = data_offsets[1];
      const tensor = data.subarray(...data_offsets);
      const width = dtype === "F64" ? 8 : 4;
      const numbers = Array.from({ length: tensor.length / width }, (_, i) => {
        if (dtype === "I32") return tensor.readInt32LE(4 * i);
        return dtype === "F32" ? tensor.readFloatLE(4 * i) : tensor.readDoubleLE(8 * i);
      });
      expect(data_offsets[0] % width).toBe(0);
      expect(numbers).toHaveLength(shape.reduce((a, b) => a * b));
      return [name, { dtype, shape, numbers }];
    }),
  );
  expect(end).toBe(data.length);
  expect((bytes.length - data.length) % 8).toBe(0);
  return { metadata, tensors };
}

describe("a checkpoint", () => {
  it("comes back to the bit, at every moment of every run", async () => {
    const trip = fc.asyncProperty(checkpoints, async (checkpoint) => {
      await writeCheckpoint(path, checkpoint);
      expect(await readCheckpoint(path)).toEqual(checkpoint); // toEqual tells 0 from -0
    });
    await fc.assert(trip, { numRuns: 150 });
  });

  it.each(["float32", "float64"] as const)("in %s is of the form that README.md describes", async (precision) => {
    const { network, metadata: about, state } = smallCheckpoint(precision);
    await writeCheckpoint(path, smallCheckpoint(precision));
    const { metadata, tensors } = readForeign(readFileSync(path));
    expect(metadata).toEqual({
      checkpointFormat: "3",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      activation: "tanh",
      output: "sigmoid",
      cost: "cross-entropy",
      version: "1.2.3",
      options: JSON.stringify(about.options),
      seed: "11",
      epoch: "2",
      datasetSha256: about.datasetSha256,
      classes: "2",
      position: "4",
      maskSeed: "7",
      distortionSeed: "8",
      random: "[1,-2,3,-4]",
      trainSeconds: "0.0625",
    });
    const dtype = precision === "float32" ? "F32" : "F64";
    const layers = (prefix: string, { weights, biases } = state.parameters) => ({
      [`${prefix}layers.0.weight`]: { dtype, shape: [4, 3], numbers: [...weights[0]] },
      [`${prefix}layers.0.bias`]: { dtype, shape: [4], numbers: [...biases[0]] },
      [`${prefix}layers.1.weight`]: { dtype, shape: [2, 4], numbers: [...weights[1]] },
      [`${prefix}layers.1.bias`]: { dtype, shape: [2], numbers: [...biases[1]] },
    });
    expect(network.weights).toEqual(state.parameters.weights);
    expect(tensors).toEqual({
      ...layers(""),
      ...layers("velocity.", state.velocities ?? undefined),
      ...layers("best.", state.best ?? undefined),
      order: { dtype: "I32", shape: [6], numbers: [4, 2, 0, 5, 3, 1] },
      "history.eta": { dtype: "F64", shape: [2], numbers: [3, 3] },
      "history.trainSeconds": { dtype: "F64", shape: [2], numbers: [0.25, 0.25] },
      "history.evaluateSeconds": { dtype: "F64", shape: [2], numbers: [0.125, 0.125] },
      "history.validation.correct": { dtype: "I32", shape: [2], numbers: [3, 2] },
      "history.validation.total": { dtype: "I32", shape: [2], numbers: [8, 8] },
      "history.validation.answers": { dtype: "I32", shape: [2, 2], numbers: [3, 5, 2, 6] },
      "history.validation.cost": { dtype: "F64", shape: [2], numbers: [0.5, 0.5] },
      "history.test.correct": { dtype: "I32", shape: [2], numbers: [4, 5] },
      "history.test.total": { dtype: "I32", shape: [2], numbers: [8, 8] },
      "history.test.answers": { dtype: "I32", shape: [2, 2], numbers: [4, 4, 5, 3] },
    });
  });

  it("is opened as a model, with the current parameters and the history", async () => {
    const checkpoint = smallCheckpoint();
    await writeCheckpoint(path, checkpoint);
    const { network, cost, precision, metadata, state } = checkpoint;
    const model = { network, cost, precision, metadata: { ...metadata, epoch: 2, history: state.finished } };
    expect(await readModel(path)).toEqual(model);
    expect(await readModelFile(path)).toEqual({ model, format: "checkpoint", checkpoint });
  });

  it("is not made of epochs that monitor different parts", async () => {
    const checkpoint = smallCheckpoint();
    checkpoint.state.finished[1].monitored = {};
    const refused = writeCheckpoint(path, checkpoint);
    await expect(refused).rejects.toThrow(RangeError);
    await expect(refused).rejects.toThrow(/monitored parts: expected validation in every epoch, found /);
  });
});

/** A checkpoint after so many epochs, all parts monitored. */
function longCheckpoint(epochs: number, sizes: number[]): Checkpoint {
  const small = smallCheckpoint("float32");
  const [classes] = sizes.slice(-1);
  const evaluation = (n: number) => ({
    correct: n,
    total: 60_000,
    accuracy: n / 60_000,
    answers: Uint32Array.from({ length: classes }, (_, i) => n + i),
    cost: 1 / n,
  });
  const finished = Array.from({ length: epochs }, (_, i) => {
    const n = 1 + (i % 50_000);
    const monitored = { training: evaluation(n), validation: evaluation(n + 1), test: evaluation(n + 2) };
    return { epoch: i + 1, eta: 1 / n, ...monitored.test, monitored, trainSeconds: 0.1, evaluateSeconds: 1 / 3 };
  });
  const parameters = zeros(sizes);
  const network = Object.assign(new Network(sizes), parameters);
  const state = { ...small.state, finished, parameters, velocities: null, best: null };
  return { ...small, network, metadata: { ...small.metadata, classes }, state };
}

describe("a checkpoint after", () => {
  it.each([
    [150_000, [784, 30, 10]],
    [10_000, [4, 256]],
  ])("%i monitored epochs of layers %j is read again", async (epochs, sizes) => {
    const checkpoint = longCheckpoint(epochs, sizes);
    await writeCheckpoint(path, checkpoint);
    expect(readFileSync(path).readBigUInt64LE()).toBeLessThan(10_000n);
    const { state, metadata } = await readCheckpoint(path);
    expect(metadata.classes).toBe(sizes.at(-1));
    expect(state.finished).toHaveLength(epochs);
    for (const i of [0, 1, epochs / 2, epochs - 1]) expect(state.finished[i]).toEqual(checkpoint.state.finished[i]);
  });
});

describe("checkCheckpointSize", () => {
  const run: CheckpointLayout = {
    sizes: [784, 30, 10],
    precision: "float32",
    sets: ["parameters"],
    examples: 50_000,
    epochs: 30,
    monitored: [],
  };
  /** The bytes of all numbers, by the forms that README.md names. */
  function bytesOf({ sizes, precision, sets, examples, epochs, monitored }: CheckpointLayout): number {
    const parameters = sizes.slice(1).reduce((sum, n, l) => sum + n * sizes[l] + n, 0);
    const evaluated = new Set([...monitored, "test"]).size;
    const outputs = sizes[sizes.length - 1];
    const perEpoch = 3 * 8 + evaluated * (2 * 4 + 4 * outputs) + monitored.length * 8;
    return sets.length * parameters * (precision === "float32" ? 4 : 8) + 4 * examples + epochs * perEpoch;
  }

  it("accepts every run of the book, however long", () => {
    checkCheckpointSize(path, run);
    checkCheckpointSize(path, { ...run, epochs: 10_000_000, monitored: [...PARTS] });
  });

  it.each<[string, (n: number) => Partial<CheckpointLayout>]>([
    ["neurons", (n) => ({ sizes: [784, n, 10] })],
    ["neurons in float64", (n) => ({ sizes: [784, n, 10], precision: "float64" })],
    ["neurons with velocities", (n) => ({ sizes: [784, n, 10], sets: ["parameters", "velocities"] })],
    [
      "neurons with velocities and best weights",
      (n) => ({ sizes: [784, n, 10], sets: ["parameters", "velocities", "best"] }),
    ],
    ["training examples", (n) => ({ examples: n })],
    ["epochs", (n) => ({ epochs: n })],
    ["monitored epochs", (n) => ({ epochs: n, monitored: [...PARTS] })],
    ["epochs that monitor validation", (n) => ({ epochs: n, monitored: ["validation"] })],
    ["epochs with 256 classes", (n) => ({ epochs: n, sizes: [784, 256], monitored: ["test"] })],
  ])("refuses too many %s, and names the size", (_, change) => {
    /** The largest n with at most so many bytes of numbers. */
    const most = (bytes: number) => {
      let [low, high] = [1, 2 ** 30];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (bytesOf({ ...run, ...change(middle) }) <= bytes) low = middle;
        else high = middle;
      }
      return { ...run, ...change(low) };
    };
    const reserved = 9 * 2 ** 20 + 10_000; // for the metadata, and the rest of the header
    checkCheckpointSize(path, most(2 ** 31 - 1 - reserved));
    const tooLong = most(2 ** 31 - 1);
    expect(() => checkCheckpointSize(path, tooLong)).toThrow(ConfigurationError);
    const [found] = /(?<=found )\d+/.exec(messageOf(() => checkCheckpointSize(path, tooLong))) ?? [];
    expect(Number(found) - bytesOf(tooLong) - 9 * 2 ** 20).toBeGreaterThan(100);
    expect(Number(found) - bytesOf(tooLong) - 9 * 2 ** 20).toBeLessThan(10_000);
  });

  it("refuses more layers than a header can name", () => {
    const sizes = Array(60_000).fill(1);
    expect(() => checkCheckpointSize(path, { ...run, sizes })).toThrow(
      /a header of at most 16777216 bytes, found \d+; use fewer/,
    );
  });

  it("counts the numbers of a real file", async () => {
    const { state, ...checkpoint } = smallCheckpoint();
    await writeCheckpoint(path, { ...checkpoint, state });
    const sets = ["parameters", "velocities", "best"] as const;
    const layout = { sets, examples: 6, epochs: 2, monitored: ["validation" as const] };
    const { data } = split(readFileSync(path));
    expect(data.length).toBe(bytesOf({ sizes: [3, 4, 2], precision: "float64", ...layout }));
    expect(statSync(path).size).toBeGreaterThan(data.length);
  });
});

function messageOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

/** What to do to the header, or to the numbers behind it. */
interface Forgery {
  header?: (header: { __metadata__: Record<string, string> } & Record<string, unknown>) => unknown;
  numbers?: (data: Buffer, entries: Record<string, Entry>) => Buffer;
  /** The length to claim for the header. */
  length?: (actual: number) => number;
}

/** A checkpoint with something made wrong, and with a right SHA-256. */
async function forge({ header = (h) => h, numbers = (b) => b, length = (n) => n }: Forgery): Promise<Buffer> {
  await writeCheckpoint(path, smallCheckpoint());
  const { metadata, entries, data } = split(readFileSync(path));
  const forged = header({ __metadata__: metadata, ...entries });
  const json = Buffer.from(typeof forged === "string" ? forged : JSON.stringify(forged));
  const lengthBytes = Buffer.alloc(8);
  lengthBytes.writeBigUInt64LE(BigInt(length(json.length)));
  return checksummed(Buffer.concat([lengthBytes, json, numbers(data, entries)]));
}

const withMetadata = (name: string, value: unknown): Forgery => ({
  header: ({ __metadata__, ...entries }) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return { __metadata__: { ...__metadata__, [name]: text }, ...entries };
  },
});
const withoutMetadata = (name: string): Forgery => ({
  header: ({ __metadata__: { [name]: _, ...metadata }, ...entries }) => ({ __metadata__: metadata, ...entries }),
});
const withoutTensor = (name: string): Forgery => ({ header: ({ [name]: _, ...header }) => header });
const withShape = (name: string, shape: number[]): Forgery => ({
  header: (header) => ({ ...header, [name]: { ...(header[name] as Entry), shape } }),
});
/** Tensors under other names. */
const renamed = (from: RegExp, to: string): Forgery => ({
  header: (header) =>
    Object.fromEntries(Object.entries(header).map(([name, entry]) => [name.replace(from, to), entry])),
});
const withNumber = (name: string, i: number, value: number): Forgery => ({
  numbers: (data, entries) => {
    const { dtype, data_offsets } = entries[name];
    if (dtype === "I32") data.writeInt32LE(value, data_offsets[0] + 4 * i);
    else data.writeDoubleLE(value, data_offsets[0] + 8 * i);
    return data;
  },
});
/** JSON with a piece put in front of its first key; for what JSON.stringify does not write. */
const withText = (text: string): Forgery => ({ header: (header) => JSON.stringify(header).replace("{", `{${text},`) });

const FORGERIES: [name: string, Forgery, message: RegExp][] = [
  [
    "a header that ends behind the file",
    { length: () => 9000 },
    /a header of at most \d+ bytes, found one that claims/,
  ],
  ["a header of a gigabyte", { length: () => 2 ** 30 }, /found one that claims 1073741824/],
  ["a header of 4 GiB", { length: () => 2 ** 32 - 1 }, /found one that claims 4294967295/],
  ["a header cut short", { length: (n) => n - 1 }, /expected valid JSON/],
  ["an empty header", { length: () => 0 }, /expected valid JSON/],
  ["a header 100,000 deep", withText(`"a":${"[".repeat(100_000)}${"]".repeat(100_000)}`), /JSON of at most 32 levels/],
  ["a tensor __proto__", withText('"__proto__":{"sizes":[3,4,2]}'), /a value for dtype of __proto__, found nothing/],
  ["a tensor constructor", withText('"constructor":{}'), /a value for dtype of constructor, found nothing/],
  ["metadata that are a list", { header: (h) => ({ ...h, __metadata__: ["2"] }) }, /an object for __metadata__/],
  ["metadata of numbers", { header: (h) => ({ ...h, __metadata__: { checkpointFormat: 2 } }) }, /text for checkpointF/],
  [
    "format 2",
    withMetadata("checkpointFormat", "2"),
    /a checkpoint of format 3, found a checkpoint of format 2; resume/,
  ],
  ["a SHA-256 of another kind", withMetadata("sha256", "x"), /the SHA-256 that the file promises/],
  ["no SHA-256", withoutMetadata("sha256"), /the SHA-256 that the file promises/],
  ["no version", withoutMetadata("version"), /expected a value for version, found nothing/],
  ["no activation", withoutMetadata("activation"), /expected a value for activation, found nothing/],
  ["an activation of Object's", withMetadata("activation", "toString"), /sigmoid or .* for activation, found toString/],
  ["a cost of another output", withMetadata("cost", "log-likelihood"), /output softmax for cost log-l.* found sigmoid/],
  ["bytes missing", { numbers: (b) => b.subarray(8) }, /expected \d+ bytes of data, found \d+/],
  ["bytes too many", { numbers: (b) => Buffer.concat([Buffer.alloc(8), b]) }, /expected \d+ bytes of data, found \d+/],
  [
    "a shape unlike its bytes",
    withShape("layers.0.weight", [4, 4]),
    /128 bytes for layers.0.weight of 4 x 4, found 96/,
  ],
  ["a huge shape", withShape("layers.0.weight", [2 ** 31, 2 ** 31]), /bytes for layers.0.weight of/],
  ["a flat weight", withShape("layers.0.weight", [12]), /a matrix for layers.0.weight, found the shape \[12\]/],
  ["layers that do not meet", withShape("layers.1.weight", [4, 2]), /4 columns in layers.1.weight, found 2/],
  ["no weights", withoutTensor("layers.0.weight"), /begin at byte/],
  ["no layers", renamed(/^layers/, "layer"), /a tensor layers.0.weight, found/],
  [
    "a velocity of other sizes",
    withShape("velocity.layers.0.weight", [3, 4]),
    /F64 of shape \[4,3\] for velocity.layers/,
  ],
  ["half a velocity", renamed(/^velocity.layers.1/, "velocity.layers.2"), /a tensor velocity.layers.1.weight, found/],
  ["best weights without their first layer", renamed(/^best.layers.0/, "best.layers.2"), /no other tensor, found best/],
  ["a tensor of something else", renamed(/^best.layers.1.bias/, "step"), /a tensor best.layers.1.bias, found layers/],
  ["no order", renamed(/^order/, "orders"), /a tensor order, found/],
  ["NaN", withNumber("layers.0.weight", 0, Number.NaN), /expected finite numbers in layers.0.weight, found NaN/],
  [
    "infinity",
    withNumber("velocity.layers.1.bias", 1, Number.POSITIVE_INFINITY),
    /in velocity.layers.1.bias, found Inf/,
  ],
  [
    "-infinity",
    withNumber("best.layers.1.bias", 0, Number.NEGATIVE_INFINITY),
    /in best.layers.1.bias, found -Infinity/,
  ],
  ["an example twice", withNumber("order", 0, 5), /each of 6 examples once, found 5 twice or out of range/],
  ["an example out of range", withNumber("order", 3, 6), /each of 6 examples once, found 6 twice or out of range/],
  ["an example far out of range", withNumber("order", 5, 2 ** 31 - 1), /found 2147483647 twice or out of range/],
  ["an example -1", withNumber("order", 5, -1), /numbers from 0 in order, found -1/],
  ["a square order", withShape("order", [2, 3]), /I32 of shape \[2\] for order, found I32 of shape \[2,3\]/],
  ["a generator of zeros", withMetadata("random", [0, 0, 0, 0]), /four numbers that are not all 0 for random/],
  ["a generator of three numbers", withMetadata("random", [1, 2, 3]), /four numbers for random, found \[1,2,3\]/],
  ["a generator of 33 bits", withMetadata("random", [2 ** 31, 1, 1, 1]), /from -2147483648 to 2147483647 for random.0/],
  ["a generator of fractions", withMetadata("random", [0.5, 1, 1, 1]), /a whole number .* for random.0, found 0.5/],
  ["a position behind the end", withMetadata("position", 7), /a whole number from 0 to 6 for position, found 7/],
  ["a negative position", withMetadata("position", -1), /for position, found -1/],
  ["no position", withoutMetadata("position"), /a value for position, found nothing/],
  ["a mask seed of 33 bits", withMetadata("maskSeed", 2 ** 32), /from 0 to 4294967295 for maskSeed, found 4294967296/],
  [
    "a seed of distortions of 33 bits",
    withMetadata("distortionSeed", 2 ** 32),
    /from 0 to 4294967295 for distortionSeed, found 4294967296/,
  ],
  ["endless seconds", withMetadata("trainSeconds", "1e400"), /a finite number for trainSeconds, found Infinity/],
  ["NaN seconds", withMetadata("trainSeconds", "NaN"), /JSON|finite numbers/],
  ["another SHA-256", withMetadata("datasetSha256", "x".repeat(1e6)), /for datasetSha256, found x{60}\.\.\./],
  ["options in a list", withMetadata("options", []), /an object for options, found \[\]/],
  ["options that are no JSON", withMetadata("options", "{"), /expected valid JSON/],
  ["a history of a number", withShape("history.eta", []), /bytes for history.eta/],
  [
    "a square history",
    withShape("history.eta", [1, 2]),
    /F64 of shape \[1\] for history.eta, found F64 of shape \[1,2\]/,
  ],
  ["no learning rates", renamed(/^history.eta/, "history.rate"), /a tensor history.eta, found/],
  ["a learning rate NaN", withNumber("history.eta", 1, Number.NaN), /finite numbers in history.eta, found NaN/],
  ["more right than there are", withNumber("history.test.correct", 1, 9), /a part of 8 examples .*, epoch 2, found 9/],
  [
    "less than none right",
    withNumber("history.test.correct", 1, -1),
    /numbers from 0 in history.test.correct, found -1/,
  ],
  ["a part of no images", withNumber("history.validation.total", 0, 0), /a part of 0 examples .* epoch 1, found 3/],
  ["answers of other classes", withShape("history.test.answers", [4, 1]), /shape \[2,2\] for history.test.answers/],
  [
    "a monitored part without its cost",
    renamed(/^history.validation.cost/, "history.validation.costs"),
    /no other tens/,
  ],
  [
    "a cost without its part",
    renamed(/^history.validation.correct/, "x"),
    /a tensor history.validation.correct, found/,
  ],
];

describe("a forged checkpoint, its SHA-256 right,", () => {
  it.each(FORGERIES)("with %s is refused in one line", async (_, forgery, message) => {
    writeFileSync(path, await forge(forgery));
    const before = process.memoryUsage();
    const error = await readCheckpoint(path).catch((error) => error);
    const after = process.memoryUsage();
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^[^\n]{1,400}$/);
    // What it claims would be hundreds of megabytes at least; the file itself, parsed, is a few.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(50e6);
  });

  it("that changes nothing is read", async () => {
    writeFileSync(path, await forge({}));
    expect(await readCheckpoint(path)).toStrictEqual(smallCheckpoint());
  });

  it("leaves out names that could be taken for a prototype", async () => {
    const options = '{"eta":3,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    writeFileSync(path, await forge(withMetadata("options", options)));
    const { metadata } = await readCheckpoint(path);
    expect(Object.keys(metadata.options)).toEqual(["eta"]);
    expect(Object.getPrototypeOf(metadata.options)).toBe(Object.prototype);
    expect(({} as Json).polluted).toBeUndefined();
  });

  it.each([
    "checkpointFormat",
    "sha256",
    "activation",
    "options",
    "seed",
    "position",
    "distortionSeed",
    "random",
    "trainSeconds",
  ])("with any other value for %s is refused, or read as a sound one", async (name) => {
    for (const value of [null, true, -1, 0.5, 1e300, "", "x", [], {}, [[]], [null], { length: 1 }]) {
      writeFileSync(path, await forge(withMetadata(name, value)));
      const outcome = await readCheckpoint(path).catch((error) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DataError);
      else expect(Object.keys(outcome).sort()).toEqual(Object.keys(smallCheckpoint()).sort());
    }
  });
});

describe("what is not a checkpoint", () => {
  it.each<[string, string | Buffer, RegExp]>([
    [
      "an empty file",
      "",
      /expected a checkpoint of bp-train, found an empty file; give a file that --checkpoint wrote/,
    ],
    ["text", "Dear Sir", /expected a checkpoint of bp-train, found what looks like text, "Dear Sir"/],
    [
      "a checkpoint of format 1",
      Buffer.concat([Buffer.from("bp-train checkpoint 1\n"), Buffer.alloc(100)]),
      /a checkpoint of format 3, found a checkpoint of format 1; resume it with the version of bp-train that wrote it, or/,
    ],
  ])("is refused in words that say what it is: %s", async (name, content, message) => {
    writeFileSync(path, content);
    await expect(readCheckpoint(path)).rejects.toThrow(DataError);
    await expect(readCheckpoint(path)).rejects.toThrow(message);
    if (/format 1/.test(name)) await expect(readModel(path)).rejects.toThrow(message);
  });
});

const hasPython = spawnSync("python3", ["--version"]).status === 0;

describe.skipIf(!hasPython)("the Python program in README.md", () => {
  const readme = readFileSync(new URL("../../src/model/README.md", import.meta.url), "utf8");
  const [, program = ""] = /```python\n(.*?)```/s.exec(readme) ?? [];

  it("tells a sound checkpoint from a damaged one", async () => {
    await writeCheckpoint(path, smallCheckpoint());
    const bytes = readFileSync(path);
    expect(execFileSync("python3", ["-c", program, path], { encoding: "utf8" })).toBe("sound\n");
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    expect(execFileSync("python3", ["-c", program, path], { encoding: "utf8" })).toBe("damaged\n");
  });
});
