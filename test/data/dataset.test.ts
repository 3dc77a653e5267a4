/** Tests the reading of data sets: the split, the names of files, and every way in which a file can be broken. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type DatasetOptions, loadDataset } from "../../dist/data/dataset.js";
import { PACKAGE_DATA } from "../../dist/data/folder.js";
import { ConfigurationError, DataError } from "../../dist/errors.js";
import { folderOf, idx, tinySet } from "../fixtures/idx.js";

const ALL = { validation: 0 };

describe("loadDataset", () => {
  it("reads MNIST and splits it as the book does", async () => {
    const { training, validation, test, classes } = await loadDataset();
    expect([training, validation, test].map(({ images, labels }) => [images.length, labels.length])).toEqual([
      [50_000, 50_000],
      [10_000, 10_000],
      [10_000, 10_000],
    ]);
    expect(classes).toBe(10);
    expect([...training.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]); // the well-known beginning of MNIST
    const raw = readFileSync(join(PACKAGE_DATA, "train-images-idx3-ubyte")).subarray(16);
    for (const [images, i, rawIndex] of [
      [training.images, 0, 0],
      [training.images, 49_999, 49_999],
      [validation.images, 0, 50_000],
      [validation.images, 9_999, 59_999],
    ] as const) {
      const expected = [...raw.subarray(rawIndex * 784, (rawIndex + 1) * 784)].map((value) => value / 255);
      expect([...images.pixels(i)]).toEqual(expected);
    }
  });

  it("uses the first trainSize images of those that are not held out", async () => {
    const folder = folderOf(tinySet());
    const { training, validation } = await loadDataset(folder, { validation: 2, trainSize: 3 });
    expect([...training.labels]).toEqual([0, 1, 2]);
    expect([...validation.labels]).toEqual([1, 2]);
    expect(training.images.length).toBe(3);
  });

  it.each([
    ["train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"],
    ["train-images.idx3-ubyte", "test-images.idx3-ubyte"],
    ["train-images.idx3-ubyte.gz", "t10k-images.idx3-ubyte.gz"],
    ["emnist-letters-train-images-idx3-ubyte.gz", "emnist-letters-test-images-idx3-ubyte.gz"],
    ["my own set train-images-idx3-ubyte", "my own set t10k-images-idx3-ubyte"],
  ])("finds %s and %s, and detects gzip by the content, not by the name", async (train, test) => {
    const set = tinySet();
    const labels = (name: string) => name.replace("images", "labels").replace("idx3", "idx1");
    for (const pack of [(bytes: Buffer) => bytes, (bytes: Buffer) => gzipSync(bytes)]) {
      const folder = folderOf({
        [train]: pack(set["train-images-idx3-ubyte"]),
        [labels(train)]: pack(set["train-labels-idx1-ubyte"]),
        [test]: pack(set["t10k-images-idx3-ubyte"]),
        [labels(test)]: pack(set["t10k-labels-idx1-ubyte"]),
        "notes.txt": "not part of the data set",
      });
      expect(await loadDataset(folder, ALL)).toEqual(await loadDataset(folderOf(tinySet()), ALL));
    }
  });

  it("reads gzip files of several members and of more than one chunk", async () => {
    const pixels = Uint8Array.from({ length: 1500 * 784 }, (_, i) => ((i * 2654435761) >>> 13) & 255);
    const images = idx([1500, 28, 28], pixels);
    const labels = idx([1500], new Uint8Array(1500));
    const two = Buffer.concat([gzipSync(images.subarray(0, 1_000_001)), gzipSync(images.subarray(1_000_001))]);
    const set = { "train-images-idx3-ubyte": two, "train-labels-idx1-ubyte": labels };
    const folder = folderOf({ ...set, "t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels });
    const { training, test } = await loadDataset(folder, ALL);
    expect(Buffer.compare(training.images.ink, test.images.ink)).toBe(0);
    expect([...training.images.pixels(1499)]).toEqual([...pixels.subarray(1499 * 784)].map((value) => value / 255));
  });

  it("sets classes to the largest label + 1", async () => {
    const set = { ...tinySet(), "t10k-labels-idx1-ubyte": idx([4], [1, 26, 1, 1]) };
    expect((await loadDataset(folderOf(set), ALL)).classes).toBe(27);
  });

  it("stops with the reason of an aborted signal", async () => {
    const reason = new Error("enough");
    await expect(loadDataset(PACKAGE_DATA, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

const gz = gzipSync(tinySet()["train-images-idx3-ubyte"]);
const flipped = Buffer.from(gz);
flipped[flipped.length - 8] ^= 1; // in the checksum
const garbled = Buffer.from(gz);
garbled[20] ^= 0xff; // in the deflate stream

/** What the file train-images contains instead of images, and what the message must say. */
const BROKEN: [name: string, bytes: Buffer | string, message: RegExp][] = [
  ["an empty file", "", /expected an IDX file of images, found an empty file/],
  ["two bytes", "\0\0", /found unknown data that begins with the bytes 00 00;/],
  ["HTML", "<!DOCTYPE html><html>404</html>", /HTML/],
  ["HTML after white space", "\n  <html lang=en>", /HTML/],
  ["a zip", "PK\x03\x04....", /zip archive/],
  ["a pickle", Buffer.from([0x80, 0x04, 0x95, 0, 0, 0]), /Python pickle/],
  ["NumPy's .npy", Buffer.from("\x93NUMPY\x01\0v\0", "latin1"), /NumPy array/],
  ["text in UTF-16", Buffer.from("\ufeffhello", "utf16le"), /UTF-16 text/],
  ["JSON", '{"images": []}', /JSON/],
  ["text", "hello world\nsecond line", /text, "hello world"/],
  ["a PNG", Buffer.from("\x89PNG\r\n\x1a\n....", "latin1"), /PNG/],
  ["gzip in gzip", gzipSync(gz), /gzip file inside a gzip file/],
  ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", /Git LFS pointer/],
  [
    "little-endian numbers",
    Buffer.from([3, 8, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]),
    /begins with the bytes 03 08 00 00;/,
  ],
  [
    "32-bit floats",
    idx([6, 2, 3], new Uint8Array(144), 13),
    /unsigned bytes \(type 8\), found 32-bit floats \(type 13\)/,
  ],
  ["an unknown element type", idx([6, 2, 3], new Uint8Array(36), 10), /begins with the bytes 00 00 0a 03;/],
  ["two dimensions", idx([6, 6], new Uint8Array(36)), /expected images \(3 dimensions\), found data of 2 dimensions/],
  [
    "labels",
    idx([6], new Uint8Array(6)),
    /images \(3 dimensions\), found labels \(1 dimension\); check whether images and labels were swapped/,
  ],
  ["a part of a header", idx([6, 2, 3], []).subarray(0, 10), /a header of 16 bytes, found 10/],
  ["one byte too few", idx([6, 2, 3], new Uint8Array(35)), /expected 52 bytes for 6 images of 2x3, found 51/],
  ["one byte too many", idx([6, 2, 3], new Uint8Array(37)), /expected 52 bytes for 6 images of 2x3, found 53/],
  [
    "a header with false numbers",
    idx([4e9, 4e9, 4e9], new Uint8Array(36)),
    /4000000000 images of 4000000000x4000000000, found 52/,
  ],
  ["no images", idx([0, 2, 3], []), /expected dimensions of 1 or more, found 0 images of 2x3/],
  ["no pixels", idx([6, 0, 3], []), /found 6 images of 0x3/],
  [
    "gzip cut short",
    gz.subarray(0, gz.length - 12),
    /expected an intact gzip file, found a damaged one \(unexpected end of file\)/,
  ],
  ["gzip of two bytes", Buffer.from([0x1f, 0x8b]), /unexpected end of file/],
  ["gzip with a wrong checksum", flipped, /expected an intact gzip file, found a damaged one/],
  ["gzip with garbled data", garbled, /damaged one|bytes for/],
  [
    "gzip with more than its header says",
    gzipSync(idx([6, 2, 3], new Uint8Array(99))),
    /6 images of 2x3, found more than 52/,
  ],
  ["gzip with less", gzipSync(idx([6, 2, 3], new Uint8Array(30))), /52 bytes for 6 images of 2x3, found 46/],
  [
    "gzip with false numbers in the header",
    gzipSync(idx([4e9, 28, 28], new Uint8Array(36))),
    /found a gzip file of \d+ bytes, which is too short to hold them/,
  ],
  ["gzip with text after it", Buffer.concat([gz, Buffer.from("junk")]), /gzip/],
  [
    "gzip with zeros after it",
    Buffer.concat([gz, Buffer.alloc(7)]),
    /expected gzip data up to the end of the file, found 7 other bytes/,
  ],
  [
    "another number of images than labels",
    idx([7, 2, 3], new Uint8Array(42)),
    /expected 7 labels for the images of .*train-images.*, found 6/,
  ],
  [
    "images of another size than in the test file",
    idx([6, 3, 2], new Uint8Array(36)),
    /t10k-images.*expected images of 3x2, as in .*, found images of 2x3/,
  ],
];

describe("loadDataset with broken data", () => {
  it.each(BROKEN)("refuses %s", async (_, bytes, message) => {
    const folder = folderOf({ ...tinySet(), "train-images-idx3-ubyte": bytes });
    const error = await loadDataset(folder, ALL).catch((error) => error);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(folder);
  });

  it("refuses a file that was cut short at any byte, raw or gzip", async () => {
    const folder = folderOf(tinySet());
    for (const bytes of [tinySet()["train-images-idx3-ubyte"], gz]) {
      for (let length = 0; length < bytes.length; length++) {
        writeFileSync(join(folder, "train-images-idx3-ubyte"), bytes.subarray(0, length));
        await expect(loadDataset(folder, ALL)).rejects.toBeInstanceOf(DataError);
      }
    }
  });

  it("names a missing file, and says how to get it", async () => {
    for (const name of Object.keys(tinySet())) {
      const folder = folderOf(tinySet());
      rmSync(join(folder, name));
      await expect(loadDataset(folder, ALL)).rejects.toThrow(
        new RegExp(`${folder}.*${name}.*found none; .*npm install`),
      );
    }
  });

  it("says that the folder does not exist, or is a file", async () => {
    const folder = folderOf(tinySet());
    await expect(loadDataset(join(folder, "none"))).rejects.toThrow(/none: expected a folder .*, found no such folder/);
    await expect(loadDataset(join(folder, "t10k-labels-idx1-ubyte"))).rejects.toThrow(
      /found a file that is not a folder/,
    );
  });

  it.each<[unknown, unknown, RegExp]>([
    ["", {}, /data folder: expected a path, found ''/],
    [5, {}, /data folder: expected a path, found 5/],
    [PACKAGE_DATA, null, /options: expected an instance of Object, found null/],
    [PACKAGE_DATA, { signal: true }, /signal: expected an instance of AbortSignal, found true/],
  ])("refuses the arguments %j, %j", async (folder, options, message) => {
    const error = await loadDataset(folder as string, options as DatasetOptions).catch((error) => error);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(message);
  });

  it("refuses two files that fit the same role", async () => {
    const folder = folderOf({ ...tinySet(), "train-images-idx3-ubyte.gz": gz });
    await expect(loadDataset(folder)).rejects.toThrow(
      /found train-images-idx3-ubyte, train-images-idx3-ubyte.gz; keep one/,
    );
  });

  it("refuses a directory, a FIFO and a link that leads nowhere", async () => {
    const folder = folderOf(tinySet());
    const path = join(folder, "train-labels-idx1-ubyte");
    rmSync(path);
    mkdirSync(path);
    await expect(loadDataset(folder)).rejects.toThrow(/regular file, found a directory/);
    rmSync(path, { recursive: true });
    execFileSync("mkfifo", [path]);
    await expect(loadDataset(folder)).rejects.toThrow(/regular file, found a FIFO/);
    rmSync(path);
    execFileSync("ln", ["-s", "nowhere", path]);
    await expect(loadDataset(folder)).rejects.toThrow(/expected a file, found none, or a link that leads nowhere; /);
    rmSync(path);
    execFileSync("ln", ["-s", "train-labels-idx1-ubyte", path]); // to itself
    await expect(loadDataset(folder)).rejects.toThrow(/expected a file, found none, or a link that leads nowhere; /);
  });

  it("refuses a file or folder without read permission", async () => {
    const folder = folderOf(tinySet());
    const [user, previousFolder] = [process.geteuid?.(), process.cwd()];
    process.chdir(folder); // so that the user nobody can reach it as ".", whatever the permissions of the folders above
    const expectRefusal = async (message: RegExp) => {
      if (user === 0) process.seteuid?.(65534); // root may read everything, so become the user nobody for a moment
      try {
        await expect(loadDataset(".")).rejects.toThrow(message);
      } finally {
        if (user === 0) process.seteuid?.(0);
      }
    };
    try {
      chmodSync(folder, 0o755);
      chmodSync("train-images-idx3-ubyte", 0);
      await expectRefusal(/train-images.*: expected a readable file, found one without read permission; allow/);
      chmodSync(folder, 0);
      await expectRefusal(/expected a folder .*, found a folder without read permission/);
    } finally {
      chmodSync(folder, 0o700); // so that it can be removed
      process.chdir(previousFolder);
    }
  });

  it("writes control characters in a name as escapes", async () => {
    await expect(loadDataset("no\u001b[31msuch")).rejects.toThrow("no\\x1b[31msuch");
  });
});

describe("loadDataset with an impossible split", () => {
  it.each([
    [
      { validation: 6 },
      /validation 6: expected a whole number below 6, the number of training images, found 6; hold out fewer/,
    ],
    [{}, /validation 10000: .*hold out fewer, or 0/],
    [{ validation: 2, trainSize: 5 }, /train size 5: expected 1 to 4/],
    [{ validation: -1 }, /validation -1/],
    [{ validation: 1.5 }, /found 1.5/],
    [{ validation: 0, trainSize: 1.5 }, /found 1.5/],
  ])("refuses %j", async (options, message) => {
    const error = await loadDataset(folderOf(tinySet()), options).catch((error) => error);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(message);
  });
});
