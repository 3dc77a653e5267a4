/** Damaged and forged files, thousands of each kind: they are refused, or what is read from them is sound. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { DataError } from "../../dist/errors.js";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../../dist/model/checkpoint.js";
import { type Model, readModel, writeModel } from "../../dist/model/model.js";
import { ACTIVATIONS } from "../../dist/network/activation.js";
import { COSTS } from "../../dist/network/cost.js";
import { OUTPUTS } from "../../dist/network/output.js";
import { Random } from "../../dist/network/random.js";
import { checksummed, smallCheckpoint } from "../fixtures/checkpoints.js";
import { smallModel } from "../fixtures/models.js";

const folder = mkdtempSync(join(tmpdir(), "bp-train-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Of each of the four model files and the two checkpoints: 10,000 in all. */
const [MODEL_MUTATIONS, CHECKPOINT_MUTATIONS] = [1700, 1600];

type Mutation = (bytes: Buffer) => Buffer;

/** A position as a share of the file, every part of it as likely (fc.double would favour the tiniest). */
const place = fc.nat({ max: 2 ** 31 - 2 }).map((n) => n / (2 ** 31 - 1));
const at = (bytes: Buffer, share: number) => Math.floor(share * bytes.length);

const flips: fc.Arbitrary<Mutation> = fc
  .array(fc.tuple(place, fc.integer({ min: 0, max: 7 })), { minLength: 1, maxLength: 3 })
  .map((flips) => (bytes) => {
    const copy = Buffer.from(bytes);
    for (const [share, bit] of flips) copy[at(bytes, share)] ^= 1 << bit;
    return copy;
  });
const truncation: fc.Arbitrary<Mutation> = place.map((share) => (bytes) => bytes.subarray(0, at(bytes, share)));
const extension: fc.Arbitrary<Mutation> = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((more) => (bytes) => Buffer.concat([bytes, more]));
/** Puts a stretch of the file in another place, over what is there or between. */
const splice: fc.Arbitrary<Mutation> = fc
  .record({ from: place, to: place, length: fc.integer({ min: 1, max: 64 }), isOver: fc.boolean() })
  .map(({ from, to, length, isOver }) => (bytes) => {
    const [source, target] = [at(bytes, from), at(bytes, to)];
    const part = bytes.subarray(source, source + length);
    return Buffer.concat([bytes.subarray(0, target), part, bytes.subarray(target + (isOver ? part.length : 0))]);
  });
/** Writes another number over one of those in the text: sizes, shapes, offsets, weights. The header's length is told right, so that the lie is read. */
const numberLie: fc.Arbitrary<Mutation> = fc
  .record({
    which: fc.nat(),
    lie: fc.oneof(
      fc.integer({ min: -1, max: 100 }).map(String),
      fc.constantFrom("1e3", "4294967296", "9007199254740993", "1e400", "0.5", "null", '"4"', "[]", "NaN", "-0"),
    ),
  })
  .map(({ which, lie }) => (bytes) => {
    const text = bytes.toString("latin1");
    const numbers = [...text.matchAll(/(?<=[[:, ])\d+(\.\d+)?(?=[\],])/g)];
    if (numbers.length === 0) return bytes; // another mutation left none
    const { index, 0: number } = numbers[which % numbers.length];
    const lied = Buffer.from(text.slice(0, index) + lie + text.slice(index + number.length), "latin1");
    const length = lengthIn(bytes);
    if (length !== undefined) claimLength(lied, length + BigInt(lied.length - bytes.length));
    return lied;
  });
const lengthLie: fc.Arbitrary<Mutation> = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((length) => (bytes) => {
  const copy = Buffer.from(bytes);
  claimLength(copy, length >> (length & 63n)); // of all magnitudes
  return copy;
});

const mutations = fc.array(
  fc.oneof(
    { arbitrary: flips, weight: 4 },
    ...[truncation, extension, splice, numberLie, lengthLie].map((arbitrary) => ({ arbitrary, weight: 1 })),
  ),
  { minLength: 1, maxLength: 2 },
);
/** Files that are shorter than what says how long a header is stay as they are. */
const mutate = (bytes: Buffer, mutations: Mutation[]) =>
  mutations.reduce((b, mutation) => (b.length >= 26 ? mutation(b) : b), bytes);

/** The length that a file claims for its header, if it has one. */
function lengthIn(bytes: Buffer): bigint | undefined {
  return bytes[7] === 0 ? bytes.readBigUInt64LE() : undefined;
}

function claimLength(bytes: Buffer, length: bigint): void {
  bytes.writeBigUInt64LE(BigInt.asUintN(64, length));
}

/** Reads a file; undefined if it is refused as it should be. */
async function readOrRefuse<T>(path: string, read: (path: string) => Promise<T>): Promise<T | undefined> {
  return read(path).catch((error) => {
    if (!(error instanceof DataError)) throw error;
    expect(error.message).toMatch(/^[^\n]{1,400}$/);
    return undefined;
  });
}

/** Whatever was done to a file, a network that is read from it has its shape, and makes sense. */
function expectSound({ network, cost, precision }: Model, original: Model, isText: boolean): void {
  expect(network.sizes).toEqual(original.network.sizes);
  for (const [l, values] of original.network.weights.entries()) {
    expect(network.weights[l].length).toBe(values.length);
    expect(network.biases[l].length).toBe(original.network.biases[l].length);
  }
  for (const values of [...network.weights, ...network.biases]) expect(values.every(Number.isFinite)).toBe(true);
  expect(Object.keys(ACTIVATIONS)).toContain(network.activation);
  expect(Object.keys(OUTPUTS)).toContain(network.output);
  expect(COSTS[cost].outputs).toContain(network.output);
  if (!isText) expect(precision).toBe(original.precision); // in text, it is what the numbers are
}

describe("a damaged model file", () => {
  it.each([
    ["model.json", "float64"],
    ["model.json", "float32"],
    ["model.safetensors", "float64"],
    ["model.safetensors", "float32"],
  ] as const)(
    "%s in %s is refused with a DataError, or only its numbers and metadata differ",
    async (name, precision) => {
      const path = join(folder, name);
      const original = smallModel(precision);
      await writeModel(path, original);
      const bytes = readFileSync(path);
      const isText = name.endsWith(".json");
      const seen = { refused: 0, loaded: 0 };
      const damage = fc.asyncProperty(mutations, async (mutations) => {
        const damaged = mutate(bytes, mutations);
        fc.pre(!damaged.equals(bytes));
        writeFileSync(path, damaged);
        const model = await readOrRefuse(path, readModel);
        seen[model ? "loaded" : "refused"]++;
        if (model) expectSound(model, original, isText);
      });
      await fc.assert(damage, { numRuns: MODEL_MUTATIONS });
      expect(seen.refused + seen.loaded).toBe(MODEL_MUTATIONS);
      expect(seen.refused).toBeGreaterThan(0.3 * MODEL_MUTATIONS);
      expect(seen.loaded).toBeGreaterThan(0.015 * MODEL_MUTATIONS); // where a digit became another: twice that in text
    },
  );
});

/** A run could go on from it, whatever its numbers are. */
function expectSoundState({ network, state }: Checkpoint, original: Checkpoint): void {
  expect(network.sizes).toEqual(original.network.sizes);
  const n = state.order.length;
  expect([...state.order].sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
  expect(state.position ?? 0).toBeLessThanOrEqual(n);
  for (const parameters of [state.parameters, state.velocities, state.best]) {
    for (const values of [...(parameters?.weights ?? []), ...(parameters?.biases ?? [])]) {
      expect(values.every(Number.isFinite)).toBe(true);
    }
  }
  expect(() => Random.fromState(state.random)).not.toThrow();
  expect(state.finished.map(({ epoch }) => epoch)).toEqual(state.finished.map((_, i) => i + 1));
}

describe("a damaged checkpoint", () => {
  it.each(["float64", "float32"] as const)(
    "in %s is refused; with its checksum made right, it is refused or sound",
    async (precision) => {
      const path = join(folder, "run.checkpoint");
      const original = smallCheckpoint(precision, [3, 40, 2]); // most of the file is numbers
      await writeCheckpoint(path, original);
      const bytes = readFileSync(path);
      const seen = { refused: 0, loaded: 0 };
      const damage = fc.asyncProperty(mutations, fc.boolean(), async (mutations, isForged) => {
        const changed = mutate(bytes, mutations);
        const damaged = isForged ? checksummed(changed) : changed;
        fc.pre(!damaged.equals(bytes));
        writeFileSync(path, damaged);
        const checkpoint = await readOrRefuse(path, readCheckpoint);
        if (!isForged) expect(checkpoint).toBeUndefined();
        else seen[checkpoint ? "loaded" : "refused"]++;
        if (checkpoint) expectSoundState(checkpoint, original);
      });
      await fc.assert(damage, { numRuns: CHECKPOINT_MUTATIONS });
      expect(seen.refused).toBeGreaterThan(0.1 * CHECKPOINT_MUTATIONS);
      expect(seen.loaded).toBeGreaterThan(0.01 * CHECKPOINT_MUTATIONS); // where only numbers became others: 5 % or more
    },
  );
});
