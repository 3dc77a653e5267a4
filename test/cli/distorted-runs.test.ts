/** Tests runs with --augment from the command line: which data they take, what repeats, and what they print. */
import { describe, expect, it } from "vitest";
import { picturesOf } from "../fixtures/distortion.js";
import { folderOf, idx, tinySet } from "../fixtures/idx.js";
import { run } from "../fixtures/mini-mnist.js";
import { parse, small } from "../fixtures/run.js";

const KINDS = ["none", "shifts", "affine", "elastic"] as const;

const eventsOf = async (args: string[]) => {
  const { code, stdout, stderr } = await run(["--json", ...args]);
  expect(stderr).not.toMatch(/error/);
  expect(code).toBe(0);
  return parse(stdout);
};
const hashOf = async (args: string[]) => (await eventsOf(args)).at(-1).weightsSha256;

describe("--augment", () => {
  it("trains otherwise with each kind and strength, and in the same way each time", async () => {
    const flags = [...small(), "--epochs", "2"];
    const hashes = await Promise.all([
      ...KINDS.map((kind) => hashOf([...flags, "--augment", kind])),
      hashOf([...flags, "--augment", "affine", "--augment-strength", "2"]),
      hashOf([...flags, "--augment", "elastic", "--augment-strength", "2"]),
    ]);
    expect(new Set(hashes).size).toBe(6);
    expect(hashes[0]).toBe(await hashOf(flags));
    expect(hashes[3]).toBe(await hashOf([...flags, "--augment", "elastic"]));
  });

  it.each(["shifts", "elastic"])("gives the same weights for any number of threads: %s", async (kind) => {
    const flags = ["--validation", "1000", "--epochs", "1", "--train-size", "2500", "--augment", kind];
    const first = await hashOf([...flags, "--threads", "1"]);
    for (const way of [
      ["--threads", "2"],
      ["--threads", "3"],
      ["--threads", "1", "--simd", "128"],
    ]) {
      expect(await hashOf([...flags, ...way])).toBe(first);
    }
  });

  it.each(["shifts", "affine", "elastic"])("distorts the first images as if there were no others: %s", async (kind) => {
    const set = tinySet();
    const first = {
      ...set,
      "train-images-idx3-ubyte": idx([4, 2, 3], set["train-images-idx3-ubyte"].subarray(16, 16 + 4 * 6)),
      "train-labels-idx1-ubyte": idx([4], set["train-labels-idx1-ubyte"].subarray(8, 12)),
    };
    const flags = ["--layers", "6,4,3", "--batch-size", "2", "--validation", "0", "--epochs", "2", "--augment", kind];
    const expected = await hashOf([...flags, "--data", folderOf(first)]);
    expect(await hashOf([...flags, "--data", folderOf(set), "--train-size", "4"])).toBe(expected);
    expect(await hashOf([...flags, "--data", folderOf(set)])).not.toBe(expected);
  });

  it.each(["fast", "textbook"])("trains with --runs what single runs of those seeds train (%s)", async (engine) => {
    const flags = [...small(), "--epochs", "2", "--engine", engine, "--augment", "elastic", "--schedule", "linear"];
    const runs = (await eventsOf([...flags, "--runs", "2", "--seed", "5"])).filter(({ event }) => event === "run");
    expect(runs.map(({ seed }) => seed).sort()).toEqual([5, 6]);
    for (const { seed, weightsSha256 } of runs) {
      expect(await hashOf([...flags, "--seed", `${seed}`])).toBe(weightsSha256);
    }
  });

  it("is repeated at the start and at the end, with its strength and the warm-up, and in the first line", async () => {
    const flags = [...small(), "--epochs", "2", "--augment", "elastic", "--augment-strength", "1.5"];
    const schedule = ["--schedule", "linear", "--warmup", "10%"];
    const settings = { augment: "elastic", augmentStrength: 1.5, schedule: "linear", warmup: 0.1 };
    const events = await eventsOf([...flags, ...schedule]);
    expect(events[0]).toMatchObject(settings);
    expect(events.at(-1)).toMatchObject({ status: "done", settings });
    const { stdout } = await run([...flags, ...schedule]);
    const opening = stdout.slice(0, stdout.indexOf("Epoch")).replace(/\s+/g, " ");
    expect(opening).toMatch(/linear schedule, warm-up 0.1, elastic distortions, strength 1.5,/);
  });
});

describe("other data sets", () => {
  const noise = (n: number, rows: number, columns: number) =>
    idx([n, rows, columns], picturesOf(n * rows, columns).noise.pixels);
  const labels = (n: number, from: number, classes: number) =>
    idx(
      [n],
      Array.from({ length: n }, (_, i) => from + (i % classes)),
    );
  /** Fashion-MNIST has the names, the size and the number of classes of MNIST, but few pixels of 0. Letters of EMNIST have the labels 1 to 26. */
  const SETS: Record<string, [layers: string, files: Record<string, Buffer>]> = {
    "Fashion-MNIST": [
      "784,5,10",
      {
        "train-images-idx3-ubyte": noise(30, 28, 28),
        "train-labels-idx1-ubyte": labels(30, 0, 10),
        "t10k-images-idx3-ubyte": noise(10, 28, 28),
        "t10k-labels-idx1-ubyte": labels(10, 0, 10),
      },
    ],
    "EMNIST letters": [
      "784,5,27",
      {
        "emnist-letters-train-images-idx3-ubyte": noise(52, 28, 28),
        "emnist-letters-train-labels-idx1-ubyte": labels(52, 1, 26),
        "emnist-letters-test-images-idx3-ubyte": noise(26, 28, 28),
        "emnist-letters-test-labels-idx1-ubyte": labels(26, 1, 26),
      },
    ],
  };

  it.each(Object.keys(SETS))("are distorted in each way: %s", async (name) => {
    const [layers, files] = SETS[name];
    const data = folderOf(files);
    const flags = ["--layers", layers, "--data", data, "--validation", "0", "--batch-size", "4", "--epochs", "1"];
    const hashes = await Promise.all(KINDS.map((kind) => hashOf([...flags, "--augment", kind])));
    expect(new Set(hashes).size).toBe(KINDS.length);
  });

  it("with more than 2048 rows or columns are refused", async () => {
    const files = {
      "train-images-idx3-ubyte": noise(2, 1, 2049),
      "train-labels-idx1-ubyte": labels(2, 0, 2),
      "t10k-images-idx3-ubyte": noise(2, 1, 2049),
      "t10k-labels-idx1-ubyte": labels(2, 0, 2),
    };
    const flags = ["--layers", "2049,2", "--data", folderOf(files), "--validation", "0", "--batch-size", "1"];
    const { code, stderr } = await run([...flags, "--augment", "shifts"]);
    expect(stderr).toBe(
      "error: augment shifts: expected images of at most 2048 rows and 2048 columns, found images of 1x2049\n",
    );
    expect(code).toBe(2);
  });
});
