import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigurationError, DataError } from "../../dist/errors.js";
import { type Checkpoint, checkCheckpointSize, readCheckpoint, writeCheckpoint } from "../../dist/model/checkpoint.js";
import { checkpoints, checksummed, smallCheckpoint } from "../fixtures/checkpoints.js";

const folder = mkdtempSync(join(tmpdir(), "bp-train-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "run.checkpoint");

const MAGIC = "bp-train checkpoint 1\n";

/** The same form, read by somebody else. */
function readForeign(bytes: Buffer) {
  const end = bytes.length - 32;
  expect(bytes.toString("latin1", 0, 22)).toBe(MAGIC);
  expect(createHash("sha256").update(bytes.subarray(0, end)).digest()).toEqual(bytes.subarray(end));
  let at = 26 + bytes.readUInt32LE(22);
  const { history, examplesInOrder, hasVelocities, hasBest, ...header } = JSON.parse(bytes.toString("utf8", 26, at));
  const order = Array.from({ length: examplesInOrder }, (_, i) => bytes.readUInt32LE(at + 4 * i));
  at += 4 * order.length;
  const size = header.precision === "float32" ? 4 : 8;
  const numbers = [];
  for (; at < end; at += size) numbers.push(size === 4 ? bytes.readFloatLE(at) : bytes.readDoubleLE(at));
  return { ...header, history, hasVelocities, hasBest, order, numbers };
}

describe("a checkpoint", () => {
  it("comes back to the bit, at every moment of every run", async () => {
    const trip = fc.asyncProperty(checkpoints, async (checkpoint) => {
      await writeCheckpoint(path, checkpoint);
      expect(await readCheckpoint(path)).toEqual(checkpoint);
    });
    await fc.assert(trip, { numRuns: 150 });
  });

  it.each(["float32", "float64"] as const)("in %s is of the form that it says", async (precision) => {
    const { state, ...about } = smallCheckpoint(precision);
    await writeCheckpoint(path, { state, ...about });
    const { history, order, numbers, ...header } = readForeign(readFileSync(path));
    const { position, maskSeed, random, trainSeconds, parameters, velocities, best, finished } = state;
    const run = { position, maskSeed, random, trainSeconds, hasVelocities: true, hasBest: true };
    expect(header).toEqual({ ...about, ...run });
    expect(order).toEqual([...state.order]);
    const layers = [parameters, velocities, best].flatMap((p) => p?.weights.flatMap((w, l) => [...w, ...p.biases[l]]));
    expect(numbers).toEqual(layers);
    expect(history).toEqual(
      JSON.parse(JSON.stringify(finished), (key, v) => (key === "answers" ? Object.values(v) : v)),
    );
  });

  it("has what is not finite of its history as NaN", async () => {
    const checkpoint = smallCheckpoint();
    checkpoint.state.finished[1].cost = Number.POSITIVE_INFINITY;
    await writeCheckpoint(path, checkpoint);
    expect((await readCheckpoint(path)).state.finished[1].cost).toBeNaN();
  });

  it("that would be too long to be read is refused before the run", () => {
    const large = { sizes: [784, 100_000, 10], precision: "float64" } as const; // 636 MB
    expect(() => checkCheckpointSize(path, large, 2)).not.toThrow();
    expect(() => checkCheckpointSize(path, large, 3)).toThrow(ConfigurationError);
  });
});

type Json = Record<string, unknown>;
/** What to do to the header, or to the bytes behind it. */
interface Forgery {
  header?: (header: Json) => Json | string;
  body?: (body: Buffer) => Buffer;
  /** What to claim for the header's length. */
  length?: (actual: number) => number;
}

/** A checkpoint with something made wrong, and a checksum that is right. */
async function forge({ header = (h) => h, body = (b) => b, length = (n) => n }: Forgery): Promise<Buffer> {
  await writeCheckpoint(path, smallCheckpoint());
  const bytes = readFileSync(path);
  const end = 26 + bytes.readUInt32LE(22);
  const forged = header(JSON.parse(bytes.toString("utf8", 26, end)));
  const json = Buffer.from(typeof forged === "string" ? forged : JSON.stringify(forged));
  const lengthBytes = Buffer.alloc(4);
  lengthBytes.writeUInt32LE(length(json.length));
  return checksummed(Buffer.concat([bytes.subarray(0, 22), lengthBytes, json, body(Buffer.from(bytes.subarray(end)))]));
}

const withKey = (key: string, value: unknown): Forgery => ({ header: (header) => ({ ...header, [key]: value }) });
const without = (key: string): Forgery => ({ header: ({ [key]: _, ...header }) => header });
const withEpoch = (key: string, value: unknown): Forgery => ({
  header: (header) => {
    const [first, second] = header.history as Json[];
    return { ...header, history: [first, { ...second, [key]: value }] };
  },
});
/** Six places in the order, then doubles. */
const withOrder = (i: number, example: number): Forgery => ({
  body: (body) => {
    body.writeUInt32LE(example, 4 * i);
    return body;
  },
});
const withNumber = (i: number, value: number): Forgery => ({
  body: (body) => {
    body.writeDoubleLE(value, 24 + 8 * i);
    return body;
  },
});
/** JSON with a piece put in front of its first key; for what JSON.stringify does not write. */
const withText = (text: string): Forgery => ({ header: (header) => JSON.stringify(header).replace("{", `{${text},`) });

const FORGERIES: [name: string, Forgery, message: RegExp][] = [
  [
    "a header that ends behind the file",
    { length: () => 2000 },
    /a header of at most \d+ bytes, found one that claims 2000/,
  ],
  ["a header of a gigabyte", { length: () => 2 ** 30 }, /found one that claims 1073741824/],
  ["a header of 4 GiB", { length: () => 2 ** 32 - 1 }, /found one that claims 4294967295/],
  ["a header cut short", { length: (n) => n - 1 }, /expected sound JSON/],
  ["an empty header", { length: () => 0 }, /expected sound JSON/],
  ["a header that is no object", { header: () => "[1]" }, /expected an object in the header, found \[1\]/],
  ["a header that is null", { header: () => "null" }, /expected an object in the header, found null/],
  ["a header 100,000 deep", withText(`"a":${"[".repeat(100_000)}`), /JSON of at most 32 levels/],
  ["__proto__", withText('"__proto__":{"sizes":[3,4,2]}'), /expected keys that are names, found __proto__/],
  ["__proto__ among the flags", withText('"flag":{"__proto__":1}'), /expected keys that are names, found __proto__/],
  ["a key twice", withText('"sizes":[1,1]'), /expected each key once, found sizes twice/],
  ["no version", without("version"), /expected text for version, found nothing/],
  ["bytes missing", { body: (b) => b.subarray(8) }, /expected \d+ bytes after the header, found \d+/],
  ["bytes too many", { body: (b) => Buffer.concat([Buffer.alloc(8), b]) }, /bytes after the header/],
  ["other sizes", withKey("sizes", [3, 4, 3]), /bytes after the header/],
  ["huge sizes", withKey("sizes", [2 ** 31, 2 ** 31, 2]), /bytes after the header/],
  ["a size of 2^53 - 1", withKey("sizes", [2 ** 53 - 1, 2 ** 53 - 1]), /bytes after the header/],
  ["a million layers", withKey("sizes", Array(1e6).fill(9)), /bytes after the header/],
  ["no layer", withKey("sizes", []), /bytes after the header/],
  ["a size of 0", withKey("sizes", [3, 0, 2]), /whole numbers from 1 to \d+ for sizes, found \[3,0,2\]/],
  ["sizes as text", withKey("sizes", "3,4,2"), /for sizes, found 3,4,2/],
  ["more examples", withKey("examplesInOrder", 7), /bytes after the header/],
  ["a great many examples", withKey("examplesInOrder", 2 ** 53 - 1), /bytes after the header/],
  ["no examples", withKey("examplesInOrder", 0), /for examplesInOrder, found 0/],
  ["velocities that are not there", withKey("hasVelocities", false), /bytes after the header/],
  ["a flag that is 1", withKey("hasBest", 1), /true or false for hasBest, found 1/],
  ["another precision", withKey("precision", "float32"), /bytes after the header/],
  ["a precision of Object's", withKey("precision", "toString"), /float32 or float64 for precision, found toString/],
  ["NaN", withNumber(0, Number.NaN), /expected finite numbers/],
  ["infinity in the velocities", withNumber(30, Number.POSITIVE_INFINITY), /expected finite numbers/],
  ["-infinity at the end", withNumber(77, Number.NEGATIVE_INFINITY), /expected finite numbers/],
  ["an example twice", withOrder(0, 5), /each of 6 examples once, found 5 too often or too large/],
  ["an example out of range", withOrder(3, 6), /each of 6 examples once, found 6 too often or too large/],
  ["an example far out of range", withOrder(5, 2 ** 32 - 1), /found 4294967295 too often/],
  ["a generator of zeros", withKey("random", [0, 0, 0, 0]), /a number that is not 0 for random/],
  ["a generator of three numbers", withKey("random", [1, 2, 3]), /4 whole numbers from -2147483648 .* for random/],
  ["a generator of 33 bits", withKey("random", [2 ** 31, 1, 1, 1]), /for random, found \[2147483648,1,1,1\]/],
  ["a generator of fractions", withKey("random", [0.5, 1, 1, 1]), /for random/],
  ["a position behind the end", withKey("position", 7), /a whole number from 0 to 6 for position, found 7/],
  ["a negative position", withKey("position", -1), /for position, found -1/],
  ["no position", without("position"), /for position, found nothing/],
  ["a mask seed of 33 bits", withKey("maskSeed", 2 ** 32), /for maskSeed/],
  ["endless seconds", { header: (h) => JSON.stringify(h).replace("0.0625", "1e400") }, /for trainSeconds/],
  ["another SHA-256", withKey("datasetSha256", "x".repeat(1e6)), /for datasetSha256, found x{60}\.\.\./],
  ["flags in a list", withKey("flags", []), /an object for flags, found \[\]/],
  ["a history of text", withKey("history", "two"), /a list for history, found two/],
  ["a history of numbers", withKey("history", [1, 2]), /an object in the header, found 1/],
  ["an epoch out of sequence", withEpoch("epoch", 3), /from 2 to 2 for epoch, found 3/],
  ["more right than there are", withEpoch("correct", 9), /from 0 to 8 for correct, found 9/],
  ["an accuracy that is not theirs", withEpoch("accuracy", 0.99), /expected 0.625 for accuracy, found 0.99/],
  ["a part of no images", withEpoch("total", 0), /for total, found 0/],
  ["answers of other classes", withEpoch("answers", [1, 2, 3]), /2 whole numbers .* for answers, found \[1,2,3\]/],
  ["a cost in words", withEpoch("cost", "low"), /a finite number for cost, found low/],
  ["monitored parts in a list", withEpoch("monitored", []), /an object for monitored/],
  ["a monitored part of text", withEpoch("monitored", { validation: "good" }), /an object for validation, found good/],
];

describe("a forged checkpoint, its checksum right,", () => {
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

  it.each(Object.keys(headerOf(smallCheckpoint())))(
    "with any other value for %s is refused, or read as a sound one",
    async (key) => {
      for (const value of [null, true, -1, 0.5, 1e300, "", "x", [], {}, [[]], [null], { length: 1 }]) {
        writeFileSync(path, await forge(withKey(key, value)));
        const outcome = await readCheckpoint(path).catch((error) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DataError);
        else expect(Object.keys(outcome).sort()).toEqual(Object.keys(smallCheckpoint()).sort());
      }
    },
  );
});

function headerOf({ state, ...about }: Checkpoint): Json {
  const { position, maskSeed, random, trainSeconds } = state;
  const layout = { examplesInOrder: 6, hasVelocities: true, hasBest: true };
  return { ...about, ...layout, position, maskSeed, random, trainSeconds, history: [] };
}
