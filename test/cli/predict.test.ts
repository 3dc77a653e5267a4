import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { Chalk } from "chalk";
import { PNG } from "pngjs";
import { beforeAll, describe, expect, it } from "vitest";
import { drawing } from "../../dist/cli/report/drawing.js";
import { type Dataset, loadDataset, Network } from "../../dist/index.js";
import { folderOf, idx, tinySet } from "../fixtures/idx.js";
import { MINI, run, start } from "../fixtures/mini-mnist.js";
import { bookJson, quickNetwork } from "../fixtures/model.js";
import { rawPng } from "../fixtures/png.js";
import { BIN, finished, parse } from "../fixtures/run.js";

let data: Dataset;
let network: Network;
let book: string;
beforeAll(async () => {
  data = await loadDataset(MINI, { validation: 0 });
  network = await quickNetwork(data);
  book = bookJson(network);
});

const pixels = (i: number) => Uint8Array.from(data.test.images.pixels(i), (value) => Math.round(255 * value));
const answers = (i: number) => [...network.feedforward(data.test.images.pixels(i))];
const argmax = (values: number[]) => values.indexOf(Math.max(...values));

/** Test image i as a PNG, so many times as large; dark on light if it is `inverted`. */
function png(i: number, times = 1, inverted = false): Buffer {
  const digit = pixels(i);
  const side = 28 * times;
  const image = new PNG({ width: side, height: side });
  for (let p = 0; p < side * side; p++) {
    const value = digit[28 * Math.floor(Math.floor(p / side) / times) + Math.floor((p % side) / times)];
    image.data.fill(inverted ? 255 - value : value, 4 * p, 4 * p + 3);
    image.data[4 * p + 3] = 255;
  }
  return PNG.sync.write(image);
}

/** A folder with these files and a model, and the paths in it. */
function files(contents: Record<string, Uint8Array | string>, model = book) {
  const folder = folderOf({ "model.json": model, ...contents });
  return { model: join(folder, "model.json"), at: (name: string) => join(folder, name), folder };
}

describe("predict", () => {
  it("says what PNG files show, as the network does of the images themselves", async () => {
    const { model, at } = files({ "a.png": png(0), "b.png": png(1, 7), "c.png": png(2, 3, true) });
    const paths = ["a.png", "b.png", "c.png"].map(at);
    const { code, stdout, stderr } = await run(["predict", model, ...paths, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const predictions = parse(stdout);
    expect(predictions.map(({ image }) => image)).toEqual(paths);
    expect(predictions.map((p) => p.class)).toEqual([0, 1, 2].map((i) => argmax(answers(i))));
    expect(predictions[0]).toEqual({
      event: "predict",
      image: paths[0],
      class: argmax(answers(0)),
      output: "sigmoid",
      outputs: answers(0),
    });
    const human = await run(["predict", model, ...paths]);
    expect(human.stdout).toBe(
      paths
        .map((path, i) => {
          const { outputs, class: c } = predictions[i];
          return `${path}   ${c}  activation ${outputs[c].toFixed(4)}\n`;
        })
        .join(""),
    );
  });

  it("reads a PNG image from a pipe", async () => {
    const { model, at } = files({ "x.png": png(3, 5) });
    const command = `cat '${at("x.png")}' | '${process.execPath}' '${BIN}' predict '${model}' - --json`;
    const { stdout } = await promisify(execFile)("sh", ["-c", command]);
    expect(parse(stdout)).toMatchObject([{ image: "standard input", class: argmax(answers(3)) }]);
    const named = await promisify(execFile)("bash", ["-c", command.replace(" - ", ` <(cat '${at("x.png")}') `)]);
    expect(parse(named.stdout)[0].class).toBe(argmax(answers(3)));
  });

  it("says that IDX files go by name", async () => {
    const child = start(["predict", files({}).model, "-"]);
    child.stdin.end(idx([1, 28, 28], pixels(0)));
    expect(await finished(child)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /standard input: expected a PNG image, found what looks like an IDX file of images/,
      ),
    });
  });

  it("takes test images by number, with their labels", async () => {
    const { model } = files({});
    const predictions = parse((await run(["predict", model, "--index", "0,7", "--json", "--top", "2"])).stdout);
    for (const [k, i] of [0, 7].entries()) {
      const sorted = answers(i)
        .map((output, c) => ({ class: c, output }))
        .sort((a, b) => b.output - a.output);
      expect(predictions[k]).toMatchObject({
        image: "test",
        index: i,
        label: data.test.labels[i],
        outputs: answers(i),
      });
      expect(predictions[k].top).toEqual(sorted.slice(0, 2));
    }
    const { stdout } = await run(["predict", model, "--index", "7", "--top", "3"]);
    expect(stdout).toMatch(
      /^test\[7\] {3}\d {2}activation 0\.\d{4} {2}label 9\n( {10}\d {2}activation 0\.\d{4}\n){2}$/,
    );
  });

  it("answers every image of an IDX file, raw or gzip, scaling those of another size", async () => {
    const images = [0, 1, 2].map(pixels);
    const large = idx(
      [1, 56, 56],
      Uint8Array.from({ length: 56 * 56 }, (_, p) => images[0][28 * (Math.floor(p / 56) >> 1) + ((p % 56) >> 1)]),
    );
    const small = idx([3, 28, 28], Buffer.concat(images));
    const { model, at } = files({ small, "small.gz": gzipSync(small), large });
    const { stdout } = await run(["predict", model, at("small"), at("small.gz"), at("large"), "--json"]);
    const found = parse(stdout);
    expect(found.map(({ index }) => index)).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(found.map((p) => p.class)).toEqual([0, 1, 2, 0, 1, 2, 0].map((i) => argmax(answers(i))));
    for (const i of [0, 1, 2]) expect(found[i].outputs).toEqual(answers(i));
  });

  it("--show draws the image, in half blocks where there is colour", async () => {
    const { model } = files({});
    const plain = (await run(["predict", model, "--index", "0", "--show"])).stdout.split("\n").slice(1, -1);
    expect(plain).toHaveLength(14);
    for (const line of plain) expect(line).toMatch(/^[ ░▒▓█]{28}$/);
    expect(plain.join("")).toMatch(/█/);
    const { stdout } = await run(["predict", model, "--index", "0", "--show"], { env: { FORCE_COLOR: "2" } });
    const blocks = stdout.split("\n").slice(1, 15);
    for (const line of blocks) expect(line.match(/▀/g)).toHaveLength(28);
    expect(stdout).toMatch(/\u001b\[38;5;255m/);
  });

  it("--show fits a narrow terminal, and any shape", () => {
    const x = Float64Array.from({ length: 15 }, (_, i) => (i < 10 ? 1 : 0)); // two white rows of 5, one black
    const drawn = (width: number) => drawing({ rows: 3, columns: 5, x }, width, new Chalk({ level: 0 }));
    expect(drawn(80)).toEqual(["█████", "     "]);
    expect(drawn(2)).toEqual(["▓▓"]); // 2 x 2: rows of 1 and 1/3 white
  });

  it("stops at the first bad image, after the good ones before it", async () => {
    const { model, at } = files({ "good.png": png(0), "bad.png": png(1).subarray(0, 90), "later.png": png(2) });
    const { code, stdout, stderr } = await run([
      "predict",
      model,
      ...["good.png", "bad.png", "later.png"].map(at),
      "--json",
    ]);
    expect(code).toBe(3);
    expect(parse(stdout).map(({ image }) => image)).toEqual([at("good.png")]);
    expect(stderr).toMatch(
      /^error: .*bad.png: expected an intact PNG image, found one that was cut short; get the file again\n$/,
    );
  });

  it("takes IDX images of any shape that fits, and refuses to scale to no square", async () => {
    const set = tinySet();
    const model = bookJson(new Network([6, 3]));
    const { model: path, at } = files({ ...set, "x.png": png(0) }, model);
    const found = parse((await run(["predict", path, at("t10k-images-idx3-ubyte"), "--json"])).stdout);
    expect(found.map((p) => p.class)).toEqual([0, 0, 0, 0]);
    const { code, stderr } = await run(["predict", path, at("x.png")]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/a square number of input neurons.* found 6/)]);
  });

  it("ends quietly when nobody reads on", async () => {
    const { model, at } = files({ many: idx([1000, 28, 28], new Uint8Array(1000 * 784)) });
    const child = start(["predict", model, at("many"), "--show"]);
    const end = finished(child);
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await end).toMatchObject({ code: 0, stderr: "" });
  });

  it.each<[string[], number, RegExp]>([
    [[], 2, /predict: expected images, found none; give PNG or IDX files, - for .* or --index 0,7/],
    [["--index", "1000"], 2, /index: expected the number of a test image, from 0 to 999, found 1000/],
    [["--index", "1,x"], 2, /whole numbers from 0, separated by commas/],
    [["--index", ""], 2, /whole numbers from 0/],
    [["--top", "0", "a.png"], 2, /whole number from 1/],
    [["--show", "--json", "--index", "0"], 2, /expected no picture among the JSON/],
    [["-", "-"], 2, /standard input once/],
    [["none.png"], 3, /none.png: expected a file, found none/],
    [["FOLDER"], 3, /expected a readable file, found .*EISDIR/],
    [["text.png"], 3, /text.png: expected a PNG image, found what looks like text, "hello"/],
    [["empty.png"], 3, /empty.png: expected a PNG image, found an empty file/],
    [["blank.png"], 3, /blank.png: expected an image of a digit that .* found a blank one/],
    [["labels"], 3, /labels: expected images \(3 dimensions\), found labels/],
    [["no\u001b[2Jsuch.png"], 3, /no\\x1b\[2Jsuch.png/],
  ])("%j exits %i", async (args, code, message) => {
    const blank = rawPng({ width: 30, height: 30, depth: 8, colorType: 0, sample: () => [255] });
    const contents = { "text.png": "hello", "empty.png": "", "blank.png": blank, labels: idx([3], [1, 2, 3]) };
    const { model, folder } = files(contents);
    const result = await run(["predict", model, ...args.map((arg) => (arg === "FOLDER" ? folder : arg))], {
      cwd: folder,
    });
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
    expect(result.stderr).not.toMatch(/\n {4}at |\u001b/);
  });
});
