/** The images that the kernel distorts, byte by byte, against those of `Distortion`. */
import { beforeAll, describe, expect, it } from "vitest";
import { Images } from "../../../dist/data/images.js";
import type { AugmentationName } from "../../../dist/distortion/augmentation.js";
import type { Distortion } from "../../../dist/distortion/distortion.js";
import { Distorter } from "../../../dist/engines/fast/distorter.js";
import { type Build, instantiate } from "../../../dist/engines/fast/kernel.js";
import { layOut } from "../../../dist/engines/fast/layout.js";
import { KernelMemory } from "../../../dist/engines/fast/memory.js";
import { DEFAULTS } from "../../../dist/network/hyperparameters.js";
import { distorted, distortionFor, mnistPixels, type Picture, picturesOf } from "../../fixtures/distortion.js";
import { datasetOf } from "../../fixtures/examples.js";
import { kernelOf } from "../../fixtures/kernel.js";

const BUILDS = ["release", "release256", "debug"] as const;
const modules = {} as Record<Build, WebAssembly.Module>;
beforeAll(async () => {
  for (const build of BUILDS) modules[build] = (await kernelOf(build)).module;
});

interface Way {
  augment: AugmentationName;
  batchSize?: number;
  threads?: number;
  build?: Build;
}

/** A kernel with these pictures as its training images, and its memory. Picture i has the label i mod 200. */
class DistortingKernel {
  readonly #memory: KernelMemory;
  readonly #kernel;
  readonly #distorter: Distorter;

  constructor(
    readonly pictures: readonly Picture[],
    { augment, batchSize = 10, threads = 1, build = "release" }: Way,
  ) {
    const [{ rows, columns }] = pictures;
    const size = rows * columns;
    const pixels = new Uint8Array(pictures.length * size);
    for (const [i, picture] of pictures.entries()) pixels.set(picture.pixels, i * size);
    const labels = Uint8Array.from(pictures.keys(), (i) => i % 200);
    const data = datasetOf({ images: Images.fromPixels(pixels, rows, columns), labels });
    const network = { sizes: [size, 200], activation: "sigmoid", output: "sigmoid" } as const;
    const layout = layOut(network, data, { ...DEFAULTS, augment, batchSize, threads });
    this.#memory = new KernelMemory(data, layout);
    this.#kernel = instantiate(modules[build], this.#memory.memory);
    this.#distorter = new Distorter(this.#memory);
  }

  /** Distorts the pictures that `order` names. Returns for each its pixels and its label. */
  distort(distortion: Distortion, order: Uint32Array): { pixels: Uint8Array; label: number }[] {
    const { layout } = this.#memory;
    const { records, most } = this.#distorter;
    const found: ReturnType<DistortingKernel["distort"]> = [];
    for (let from = 0; from < order.length; from += most) {
      const examples = order.subarray(from, from + most);
      this.#memory.words(layout.shuffled.fields.order, examples.length).set(examples);
      this.#distorter.prepare(distortion, examples);
      // No thread waits for another, so that they can take turns.
      for (const { thread } of layout.team) {
        this.#kernel.distort(thread.at, layout.shuffled.at, ...records, 0, examples.length);
      }
      for (let i = 0; i < examples.length; i++) found.push(this.#example(i));
    }
    return found;
  }

  /** Distorted example i of the last call, decoded as `Images` describes it. Fails if its row overlaps with others or is too long. */
  #example(i: number) {
    const { images, distortion } = this.#memory.layout.distorted as NonNullable<KernelMemory["layout"]["distorted"]>;
    const bytes = new Uint8Array(this.#memory.memory.buffer);
    const [start, end] = this.#memory.words(images.fields.rows + 8 * i, 2);
    const previousEnd = i === 0 ? 0 : this.#memory.words(images.fields.rows + 8 * (i - 1), 2)[1];
    if (start < previousEnd || end > (i + 1) * distortion.fields.rowBytes - 16)
      throw new Error(`example ${i} is not in its room: ${start} to ${end}`);
    const pixels = new Uint8Array(this.pictures[i % this.pictures.length].pixels.length);
    let pixel = 0;
    for (let at = images.fields.pairs + start; at < images.fields.pairs + end; at += 2) {
      pixel += bytes[at];
      if (pixel >= pixels.length) throw new Error(`example ${i} has a pixel ${pixel}`);
      pixels[pixel] = bytes[at + 1];
    }
    return { pixels, label: bytes[images.fields.labels + i] };
  }
}

/** Expects the kernel to distort the pictures in reverse order, some of them twice, to the bytes that `distort` gives. */
function expectSameBytes(pictures: readonly Picture[], way: Way, augmentStrength = 1, epoch = 1): void {
  const distortion = distortionFor(way.augment, pictures[0], { augmentStrength, epoch });
  const order = Uint32Array.from([0, ...pictures.keys(), 0].reverse()).subarray(0, pictures.length);
  const found = new DistortingKernel(pictures, way).distort(distortion, order);
  expect(found).toHaveLength(order.length);
  const wrong = [...order].filter((image, i) => {
    const expected = distorted(distortion, image, pictures[image]);
    return found[i].label !== image % 200 || Buffer.compare(found[i].pixels, expected) !== 0;
  });
  expect(wrong).toEqual([]);
}

const AUGMENTED = ["shifts", "affine", "elastic"] as const;
const SHAPES = [
  [1, 1],
  [3, 5],
  [7, 1],
  [1, 6],
  [20, 31],
  [28, 28],
  [61, 70],
  [300, 20],
  [4, 600], // more columns than a field has, twice
  [2048, 2],
  [2, 2048],
];

/** Blank and full images, noise, a border, and one with a single pixel of ink at its end, after gaps of more than 255. Each `times` times. */
function varied(rows: number, columns: number, times = 3): Picture[] {
  const last = { rows, columns, pixels: new Uint8Array(rows * columns) };
  last.pixels[rows * columns - 1] = 200;
  const pictures = [...Object.values(picturesOf(rows, columns)), last];
  return Array.from({ length: times }, () => pictures).flat();
}

// A kind that cuts off faint ink does so even if the numbers drawn for an image happen to be a move by one pixel.
it("cuts off the faint ink of an affine distortion that is a move by a whole pixel", () => {
  const picture = { rows: 1, columns: 6, pixels: Uint8Array.of(1, 31, 32, 33, 255, 9) };
  const distortion = distortionFor("affine", picture);
  distortion.writeMap = (_, maps, at = 0) => maps.set([2 ** 18, 0, 2 ** 18, 0, 2 ** 18, 0, 0, 0], at);
  const [found] = new DistortingKernel([picture], { augment: "affine", batchSize: 1 }).distort(
    distortion,
    Uint32Array.of(0),
  );
  expect([...found.pixels]).toEqual([0, 32, 33, 255, 0, 0]);
  expect([...distorted(distortion, 0, picture)]).toEqual([0, 32, 33, 255, 0, 0]);
});

describe.each(AUGMENTED)("the kernel with %s", (augment) => {
  const shapes = augment === "elastic" ? SHAPES.filter((shape) => Math.max(...shape) < 2048) : SHAPES; // large fields take long
  it.each(shapes.map(([rows, columns], i) => [rows, columns, 1 + (i % 3), BUILDS[i % 3]] as const))(
    "makes the same bytes of images of %i x %i pixels, with %i threads, build %s",
    (rows, columns, threads, build) => {
      for (const augmentStrength of [0, 1, 10]) {
        const pictures = varied(rows, columns, augment === "shifts" ? 20 : 3); // so that each picture is moved in every direction
        expectSameBytes(pictures, { augment, threads, build }, augmentStrength);
      }
    },
  );

  it.each(BUILDS)("makes the same bytes of images of MNIST, for any number of threads, build %s", (build) => {
    const pixels = mnistPixels(200);
    const pictures = Array.from({ length: 200 }, (_, i) => ({
      rows: 28,
      columns: 28,
      pixels: pixels.subarray(784 * i, 784 * (i + 1)),
    }));
    for (const threads of [1, 2, 3]) expectSameBytes(pictures, { augment, threads, build }, 1.2, threads);
  });

  it("uses the distortion that it is given last", () => {
    const pictures = varied(28, 28);
    const kernel = new DistortingKernel(pictures, { augment });
    const order = Uint32Array.of(2, 3);
    for (const epoch of [1, 2, 1]) {
      const distortion = distortionFor(augment, pictures[0], { epoch });
      const expected = [2, 3].map((i) => ({ pixels: distorted(distortion, i, pictures[i]), label: i }));
      expect(kernel.distort(distortion, order)).toEqual(expected);
    }
  });
});

describe("the kernel", () => {
  // More examples than are distorted at once, which is about 4,000 of this size, but always whole mini-batches.
  it.each([
    [1, 4400],
    [64, 4500],
    [3000, 7000],
    [4400, 4401],
  ])("makes the same bytes with mini-batches of %i of %i examples", (batchSize, n) => {
    const { pixels } = picturesOf(n, 784).noise;
    const pictures = Array.from({ length: n }, (_, i) => ({
      rows: 28,
      columns: 28,
      pixels: pixels.subarray(784 * i, 784 * (i + 1)),
    }));
    expectSameBytes(pictures, { augment: "shifts", batchSize, threads: 2 });
  });
});

it("has memory for 4096 images of MNIST's size, and for fewer of larger ones, but always for a mini-batch", () => {
  const lengthFor = (side: number, batchSize: number) => {
    const pixels = new Uint8Array(40 * side * side);
    const data = datasetOf({ images: Images.fromPixels(pixels, side, side), labels: new Uint8Array(40) });
    const network = { sizes: [side * side, 2, 2], activation: "sigmoid", output: "sigmoid" } as const;
    const { distorted, bytes } = layOut(network, data, { ...DEFAULTS, augment: "affine", batchSize, threads: 1 });
    expect(bytes).toBeLessThan(2 ** 26 + 12 * batchSize * side * side);
    return distorted?.images.fields.length;
  };
  expect(lengthFor(28, 10)).toBe(4090);
  expect(lengthFor(28, 3000)).toBe(3000);
  // 8 MiB hold 15 rows of 2 * (512 * 512 + 1028) + 16 bytes.
  expect(lengthFor(512, 1)).toBe(15);
  expect(lengthFor(512, 4)).toBe(12);
  expect(lengthFor(512, 17)).toBe(17);
});
