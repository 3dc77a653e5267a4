/** `bp-train augment`: what it says and draws is what the library's `Distortion` does. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Chalk } from "chalk";
import { beforeAll, describe, expect, it } from "vitest";
import { distortionLines } from "../../dist/cli/report/distortion-report.js";
import { type Exhibit, gallery } from "../../dist/cli/report/gallery.js";
import { type AugmentationName, type Dataset, Distortion, loadDataset } from "../../dist/index.js";
import { folderOf, idx } from "../fixtures/idx.js";
import { MINI, run, start } from "../fixtures/mini-mnist.js";
import { BIN, ENV, finished, parse } from "../fixtures/run.js";

const KINDS = ["shifts", "affine", "elastic"] as const;

let data: Dataset;
beforeAll(async () => {
  data = await loadDataset(MINI, { validation: 0 });
});

/** A folder with these training images, (rows, columns) row-major each, all with the label 0; the only test image is the first one. */
function folderWith(images: Uint8Array[], rows: number, columns: number): string {
  return folderOf({
    "train-images-idx3-ubyte": idx([images.length, rows, columns], Buffer.concat(images)),
    "train-labels-idx1-ubyte": idx(
      [images.length],
      images.map(() => 0),
    ),
    "t10k-images-idx3-ubyte": idx([1, rows, columns], images[0]),
    "t10k-labels-idx1-ubyte": idx([1], [0]),
  });
}

/** An image of rows x columns pixels with a white rectangle. */
function rectangle(rows: number, columns: number, box: { x: number; y: number; width: number; height: number }) {
  const inside = (at: number, from: number, length: number) => at >= from && at < from + length;
  return Uint8Array.from({ length: rows * columns }, (_, i) => {
    const [x, y] = [i % columns, Math.floor(i / columns)];
    return inside(x, box.x, box.width) && inside(y, box.y, box.height) ? 255 : 0;
  });
}

/** The centre of the ink, and its covariances. */
function moments(pixels: Uint8Array, columns: number) {
  const mean = (f: (x: number, y: number) => number) => {
    let [sum, mass] = [0, 0];
    for (const [i, value] of pixels.entries()) {
      sum += value * f(i % columns, Math.floor(i / columns));
      mass += value;
    }
    return sum / mass;
  };
  const [x, y] = [mean((x) => x), mean((_, y) => y)];
  const xx = mean((u) => (u - x) ** 2);
  const yy = mean((_, v) => (v - y) ** 2);
  return { x, y, xx, yy, xy: mean((u, v) => (u - x) * (v - y)) };
}

function distorted(pixels: Uint8Array, image: number, distortion: Distortion): Uint8Array {
  const out = new Uint8Array(pixels.length);
  distortion.distort(image, pixels, out);
  return out;
}

/** The pixels of a drawing in 256 colours, row by row, as steps of grey from 0 to 23. */
function greys(lines: string[]): number[][] {
  return lines.flatMap((line) => {
    const blocks = [...line.matchAll(/\u001b\[38;5;(\d+)m\u001b\[48;5;(\d+)m▀/g)];
    return [1, 2].map((half) => blocks.map((block) => Number(block[half]) - 232));
  });
}

describe("bp-train augment", () => {
  it("--json has the draws of the library, image by image, kind by kind and epoch by epoch", async () => {
    const flags = ["--index", "3,0", "--seed", "5", "--augment-strength", "1.5", "--count", "2", "--json"];
    const { code, stdout, stderr } = await run(["augment", ...flags]);
    expect([code, stderr]).toEqual([0, ""]);
    const expected = [3, 0].flatMap((index) =>
      KINDS.flatMap((kind) =>
        [1, 2].map((epoch) => {
          const distortion = new Distortion({ augment: kind, augmentStrength: 1.5 }, 5, epoch, 28, 28);
          const { fieldX: _x, fieldY: _y, ...draw } = distortion.draw(index);
          const about = { event: "distortion", image: "training", index, label: data.training.labels[index] };
          const largestDisplacement = kind === "elastic" ? expect.any(Number) : null;
          return { ...about, kind, seed: 5, augmentStrength: 1.5, epoch, ...draw, largestDisplacement };
        }),
      ),
    );
    expect(parse(stdout)).toEqual(expected);
  });

  it("shows one kind where --augment names it, and by default image 0 in three epochs", async () => {
    const lines = parse((await run(["augment", "--augment", "elastic", "--json"])).stdout);
    expect(lines.map(({ index, kind, epoch }) => [index, kind, epoch])).toEqual(
      [1, 2, 3].map((epoch) => [0, "elastic", epoch]),
    );
    const none = await run(["augment", "--augment", "none", "--json"]);
    expect(none.stdout).toBe((await run(["augment", "--json"])).stdout);
  });

  it("says where shifts move an image", async () => {
    const dot = rectangle(5, 5, { x: 2, y: 2, width: 1, height: 1 });
    const images = Array.from({ length: 30 }, () => dot);
    const indices = [...images.keys()];
    const folder = folderWith(images, 5, 5);
    const flags = ["--index", indices.join(), "--augment", "shifts", "--count", "1", "--data", folder];
    const { stdout } = await run(["augment", ...flags]);
    const said = [...stdout.matchAll(/^epoch 1 {2}(.*)$/gm)].map(([, words]) => words);
    const distortion = new Distortion({ augment: "shifts", augmentStrength: 1 }, 1, 1, 5, 5);
    const places = new Map([
      [12, "not moved"],
      [11, "one pixel left"],
      [13, "one pixel right"],
      [7, "one pixel up"],
      [17, "one pixel down"],
    ]);
    expect(said).toEqual(indices.map((i) => places.get(distorted(dot, i, distortion).indexOf(255))));
    expect(new Set(said).size).toBe(5);
  });

  it("says how affine distortions turn, stretch, shear and move an image", async () => {
    const side = 61;
    const bars = [
      rectangle(side, side, { x: 15, y: 29, width: 31, height: 3 }), // horizontal
      rectangle(side, side, { x: 29, y: 15, width: 3, height: 31 }), // vertical
    ];
    const folder = folderWith(bars, side, side);
    const flags = ["--index", "0,1", "--augment", "affine", "--count", "12", "--data", folder];
    const { stdout } = await run(["augment", ...flags]);
    const row =
      /^epoch +(\d+) +([\d.]+)° (left|right) +(\d+) % x (\d+) % +([-+][\d.]+) +([\d.]+) (left|right) ([\d.]+) (up|down)$/gm;
    const rows = [...stdout.matchAll(row)];
    expect(rows).toHaveLength(24);
    for (const [i, [, epoch, degrees, side1, width, height, shear, right, side2, down, side3]] of rows.entries()) {
      const image = i < 12 ? 0 : 1;
      const distortion = new Distortion({ augment: "affine", augmentStrength: 1 }, 1, Number(epoch), side, side);
      const { x, y, xx, yy, xy } = moments(distorted(bars[image], image, distortion), side);
      const tan = Math.tan((Number(degrees) * Math.PI) / 180) * (side1 === "left" ? 1 : -1);
      const [w, h] = [Number(width) / 100, Number(height) / 100];
      // Axes point to the right and down. A turn to the left lifts the right end of a bar, and moves its lower end to the right.
      // Tolerances: the bars are three pixels wide, and what is printed is rounded.
      if (image === 0) {
        expect(xy / xx).toBeCloseTo((-tan * h) / w, 1.5);
        expect(Math.sqrt(xx / moments(bars[0], side).xx)).toBeCloseTo(w, 1);
      } else {
        expect(xy / yy).toBeCloseTo(((tan + Number(shear)) * w) / h, 1.5);
        expect(Math.sqrt(yy / moments(bars[1], side).yy)).toBeCloseTo(h, 1);
      }
      // The move comes before the turn and the stretching, which change up to 2.2 pixels by a quarter.
      expect(Math.abs(x - 30 - Number(right) * (side2 === "right" ? 1 : -1))).toBeLessThan(0.6);
      expect(Math.abs(y - 30 - Number(down) * (side3 === "down" ? 1 : -1))).toBeLessThan(0.6);
    }
  });

  it("names the largest elastic displacement, measured here in a map without affine distortions", () => {
    // An image that is brighter from column to column shows how far to the right each pixel is fetched; turned, how far down.
    const [side, step] = [28, 4];
    const ramp = (isTurned: boolean) =>
      Uint8Array.from({ length: side * side }, (_, i) => 80 + step * (isTurned ? Math.floor(i / side) : i % side));
    const distortion = new Distortion({ augment: "elastic", augmentStrength: 1 }, 1, 1, side, side);
    const draw = distortion.draw(0);
    const [centre, { theta, scaleX, scaleY, shear, moveX, moveY }] = [(side - 1) / 2, draw];
    const [acrossRamp, downRamp] = [ramp(false), ramp(true)].map((image) => distorted(image, 0, distortion));
    let largest = 0;
    for (let y = 4; y < side - 4; y++) {
      for (let x = 4; x < side - 4; x++) {
        const [u, v] = [scaleX * (x - centre) + shear * scaleY * (y - centre), scaleY * (y - centre)];
        const column = centre + Math.cos(theta) * u - Math.sin(theta) * v + moveX;
        const row = centre + Math.sin(theta) * u + Math.cos(theta) * v + moveY;
        const fetched = [acrossRamp, downRamp].map((image) => (image[y * side + x] - 80) / step);
        largest = Math.max(largest, Math.hypot(fetched[0] - column, fetched[1] - row));
      }
    }
    // The border, which is left out here, may have larger ones; a grey level is a quarter of a pixel, and rounded.
    const found = distortion.largestDisplacement(0) ?? 0;
    expect(found).toBeGreaterThan(largest - 0.2);
    expect(found).toBeLessThan(largest + 1.5);
  });

  it("--show draws the image and its distortions side by side", async () => {
    const image = rectangle(6, 10, { x: 3, y: 1, width: 4, height: 3 }).map((value, i) =>
      value ? 255 - 20 * (i % 7) : 0,
    );
    const folder = folderWith([image], 6, 10);
    const flags = ["--augment", "affine", "--show", "--seed", "2", "--data", folder];
    const { stdout } = await run(["augment", ...flags], { env: { FORCE_COLOR: "2" } });
    const lines = stdout.split("\n").slice(1, 4);
    const images: Uint8Array[] = [image];
    for (const epoch of [1, 2, 3]) {
      images.push(distorted(image, 0, new Distortion({ augment: "affine", augmentStrength: 1 }, 2, epoch, 6, 10)));
    }
    const steps = Array.from({ length: 6 }, (_, y) =>
      images.flatMap((pixels) => Array.from(pixels.subarray(10 * y, 10 * y + 10), (v) => Math.round((v / 255) * 23))),
    );
    expect(greys(lines)).toEqual(steps);
    expect(new Set(images.map(String)).size).toBe(4);
  });

  it("draws four pictures per row of 80 characters without colours where no terminal reads it", async () => {
    const { stdout } = await run(["augment", "--index", "0,7", "--show", "--count", "4"]);
    expect(stdout).not.toContain("\u001b");
    const lines = stdout.split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => /^original {12}epoch 1 {13}epoch 2 {13}epoch 3$/.test(line))).toHaveLength(6);
    expect(lines.filter((line) => line === "epoch 4")).toHaveLength(6);
    expect(lines.filter((line) => /^[ ░▒▓█]{78}$/.test(line))).toHaveLength(6 * 9);
    expect(
      lines.filter((line) => /^training\[[07]\] {2}label [53] {2}(shifts|affine|elastic), seed 1$/.test(line)),
    ).toHaveLength(6);
  });

  it.each([
    [40, 19],
    [80, 18],
    [120, 28],
    [200, 28],
  ])("draws pictures in a terminal of %i columns that are %i characters wide", async (columns, width) => {
    const command = `stty cols ${columns}; '${process.execPath}' '${BIN}' augment --augment elastic --count 5 --show`;
    const env = { ...ENV, BP_TRAIN_DATA: MINI, TERM: "xterm-256color" };
    const { stdout } = await promisify(execFile)("script", ["-qefc", command, "/dev/null"], { env });
    const lines = stdout
      .replaceAll("\r", "")
      .replace(/\u001b\[[\d;]*m/g, "")
      .split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const pictures = lines.find((line) => line.startsWith("▀"))?.split("  ") ?? [];
    expect(pictures.map((picture) => picture.length)).toEqual(pictures.map(() => width));
    expect(pictures.length).toBe(Math.min(6, Math.floor((columns + 2) / (width + 2))));
  });

  it("ends quietly when nobody reads on", async () => {
    const child = start(["augment", "--index", [...Array(200).keys()].join(), "--show"]);
    const end = finished(child);
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await end).toMatchObject({ code: 0, stderr: "" });
  });

  it.each<[string[], number, RegExp]>([
    [["--index", "4000"], 2, /index: expected the number of a training image, from 0 to 3999, found 4000/],
    [["--index", "0,4000"], 2, /from 0 to 3999, found 4000/],
    [["--index", "-1"], 2, /whole numbers from 0/],
    [["--index", ""], 2, /whole numbers from 0/],
    [["--count", "0"], 2, /a whole number from 1 to 100/],
    [["--count", "101"], 2, /a whole number from 1 to 100/],
    [["--augment", "elastics"], 2, /Allowed choices are none, shifts, affine, elastic/],
    [["--augment-strength", "11"], 2, /a number from 0 to 10/],
    [
      ["--augment", "shifts", "--augment-strength", "2"],
      2,
      /augment strength: expected augment affine or elastic, found augment shifts/,
    ],
    [["--show", "--json"], 2, /--json: expected no picture among the JSON, found --show; leave one of the two out/],
    [["image.png"], 2, /too many arguments/],
    [["--data", "/nowhere"], 3, /nowhere/],
  ])("refuses %j, and exits %i", async (args, code, message) => {
    const result = await run(["augment", ...args]);
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
    expect(result.stderr).not.toMatch(/\n {4}at |\u001b/);
  });

  it("refuses images that are too large to be distorted", async () => {
    const folder = folderWith([new Uint8Array(2049)], 1, 2049);
    const { code, stderr } = await run(["augment", "--data", folder]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/expected images of at most 2048 rows .* found images of 1x2049/),
    ]);
  });

  it("leaves the images as they are at strength 0, but for moves", async () => {
    const flags = ["--augment", "affine" satisfies AugmentationName, "--augment-strength", "0"];
    const { stdout } = await run(["augment", ...flags]);
    expect(stdout).toMatch(/^training\[0\] {2}label 5 {2}affine, strength 0, seed 1\n/);
    expect(stdout.match(/^epoch \d {2}0\.0° \w+ +100 % x 100 % +\+0\.00 /gm)).toHaveLength(3);
  });
});

describe("distortionLines", () => {
  const distortion = new Distortion({ augment: "elastic", augmentStrength: 10 }, 1, 1, 28, 28);
  const [original, pixels] = [new Uint8Array(784), new Uint8Array(784)];
  const epoch = { draw: distortion.draw(0), pull: distortion.largestDisplacement(0), pixels };
  const image = { kind: "elastic", seed: 1, augmentStrength: 10, index: 0, label: 5, rows: 28, columns: 28 } as const;
  const linesAt = (width: number) =>
    distortionLines({ ...image, original, epochs: [epoch, epoch] }, width, new Chalk({ level: 0 }));

  it("is never wider than the terminal, and says the same in a narrow one", () => {
    const numbersIn = (lines: string[]) => lines.join(" ").match(/\d+\.?\d*/g);
    expect(linesAt(80)).toHaveLength(4);
    for (let width = 28; width <= 80; width++) {
      const lines = linesAt(width);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      expect(numbersIn(lines)).toEqual(numbersIn(linesAt(80)));
    }
  });
});

describe("gallery", () => {
  const exhibits = (columns: number): Exhibit[] =>
    Array.from({ length: 7 }, () => ({
      picture: { rows: 3, columns, x: new Float64Array(3 * columns) },
      captions: ["@ title of more than 18 characters", "words"],
    }));
  const chalk = new Chalk({ level: 0 });
  const draw = (columns: number, width: number) => gallery(exhibits(columns), width, { text: chalk, picture: chalk });

  it.each([1, 3, 18, 28, 100])("of pictures of %i columns is never wider than the terminal", (columns) => {
    for (let width = 1; width <= 240; width++) {
      const lines = draw(columns, width);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      expect(lines.join().match(/@/g)).toHaveLength(7);
    }
  });
});
