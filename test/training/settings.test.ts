/** Tests which options and data `checkTraining` refuses, with which words, and what it fills in. */
import { totalmem } from "node:os";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../dist/data/dataset.js";
import { Images } from "../../dist/data/images.js";
import type { EngineName } from "../../dist/engines/engines.js";
import { ConfigurationError } from "../../dist/errors.js";
import { Network } from "../../dist/network/network.js";
import type { TrainOptions } from "../../dist/training/options.js";
import { checkTraining } from "../../dist/training/settings.js";
import { randomDataset } from "../fixtures/examples.js";

/** 97 training examples, none for validation, 20 for test. */
const DATA = randomDataset(97, 3, 4, 4);
const SIZES = [12, 6, 4];
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** What is thrown at these options. */
function refusal(options: unknown, sizes = SIZES, data: unknown = DATA): unknown {
  try {
    checkTraining(new Network(sizes), data as Dataset, options as TrainOptions);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("checkTraining", () => {
  it.each<[unknown, string]>([
    ...[0, -1, 2.5, 98, nan, "10"].map((n): [object, string] => [
      { batchSize: n },
      `batch size ${n}: expected a whole number from 1 to 97, the training examples, found ${inspect(n)}`,
    ]),
    ...["lambda", "l1"].flatMap((name) =>
      [-1e-9, nan, infinity, "1"].map((x): [object, string] => [
        { [name]: x },
        `${name}: expected a finite number from 0, found ${inspect(x)}`,
      ]),
    ),
    ...["momentum", "dropout"].flatMap((name) =>
      [-0.1, 1, 1.5, nan, "0.5"].map((x): [object, string] => [
        { [name]: x },
        `${name}: expected a number from 0 to below 1, found ${inspect(x)}`,
      ]),
    ),
    ...[0, -1, nan, "2"].map((x): [object, string] => [
      { maxNorm: x },
      `max norm: expected a number above 0, found ${inspect(x)}`,
    ]),
    ...[0, -1, 1.5, nan, infinity, "3"].map((n): [object, string] => [
      { epochs: n },
      `epochs: expected a whole number from 1, found ${inspect(n)}`,
    ]),
    ...[0, -1, nan, infinity, "3"].map((x): [object, string] => [
      { eta: x },
      `eta: expected a finite number above 0, found ${inspect(x)}`,
    ]),
    ...[0, -1, 1.5, nan, infinity].map((n): [object, string] => [
      { schedule: "step", scheduleEpochs: n },
      `schedule epochs: expected a whole number from 1, found ${inspect(n)}`,
    ]),
    ...[0, -0.5, 1, 2, nan].map((x): [object, string] => [
      { schedule: "step", scheduleFactor: x },
      `schedule factor: expected a number between 0 and 1, found ${inspect(x)}`,
    ]),
    ...[-1, 0.5, 0.6, nan].map((x): [object, string] => [
      { schedule: "cosine", eta: 0.5, etaMin: x },
      `eta min: expected a number from 0 to below eta, 0.5, found ${inspect(x)}`,
    ]),
    ...[-0.1, 1, 1.5, nan, "0.1"].map((x): [object, string] => [
      { schedule: "linear", warmup: x },
      `warmup: expected a number from 0 to below 1, found ${inspect(x)}`,
    ]),
    ...["constant", "step", "plateau"].flatMap((schedule): [object, string][] => [
      [
        { schedule, warmup: 0.1 },
        `warmup: expected schedule linear or cosine, found schedule ${schedule}; leave it out, or set it to 0`,
      ],
      [
        { schedule, etaMin: 0.1 },
        `eta min: expected schedule linear or cosine, found schedule ${schedule}; leave it out, or set it to 0`,
      ],
    ]),
    ...["linear", "cosine"].map((schedule): [object, string] => [
      { schedule, scheduleEpochs: 3 },
      `schedule epochs: expected schedule step or plateau, found schedule ${schedule}; leave it out, or set it to 10`,
    ]),
    ...["rotate", "toString", ""].map((augment): [object, string] => [
      { augment },
      `augment: expected none or shifts or affine or elastic, found ${augment}`,
    ]),
    [{ augment: true }, "augment: expected none or shifts or affine or elastic, found true"],
    ...[-0.1, 10.1, nan, infinity, "1"].map((x): [object, string] => [
      { augment: "elastic", augmentStrength: x },
      `augment strength: expected a number from 0 to 10, found ${inspect(x)}`,
    ]),
    ...["none", "shifts"].map((augment): [object, string] => [
      { augment, augmentStrength: 0.5 },
      `augment strength: expected augment affine or elastic, found augment ${augment}; leave it out, or set it to 1`,
    ]),
    ...[0, -1, 1.5, nan].map((n): [object, string] => [
      { patience: n },
      `patience: expected a whole number from 1, found ${inspect(n)}`,
    ]),
    ...[0, -1, 1.01, 95, nan, "0.9"].map((x): [object, string] => [
      { targetAccuracy: x },
      `target accuracy: expected a number above 0, up to 1, found ${inspect(x)}`,
    ]),
    ...[0, 1.5, 65, nan].map((n): [object, string] => [
      { threads: n },
      `threads: expected a whole number from 1 to 64, found ${inspect(n)}`,
    ]),
    ...[64, 512, "128", nan].map((width): [object, string] => [
      { simd: width },
      `simd: expected auto, 128 or 256, found ${typeof width === "string" ? `'${width}'` : inspect(width)}`,
    ]),
    [
      { engine: "textbook", simd: 128 },
      "simd 128: expected an engine that uses SIMD instructions, found the textbook engine; use the fast engine",
    ],
    [
      { eta: 1e-60 },
      "eta: expected a number that is not 0 in float32, found 1e-60; use a larger one, or the textbook engine",
    ],
    [
      { maxNorm: 1e-300 },
      "max norm: expected a number that is not 0 in float32, found 1e-300; use a larger one, or the textbook engine",
    ],
    [{ random: 5 }, "random: expected an instance of Random, found 5"],
    [{ signal: {} }, "signal: expected an instance of AbortSignal, found [Object]"],
    [{ onEpoch: "print" }, "onEpoch: expected an instance of Function, found 'print'"],
    ["fast", "options: expected an instance of Object, found 'fast'"],
    [{ engine: "quick" }, "engine: expected fast or textbook, found quick"],
    [{ cost: "hinge" }, "cost: expected quadratic or cross-entropy or log-likelihood, found hinge"],
    [{ schedule: "exp" }, "schedule: expected constant or step or linear or cosine or plateau, found exp"],
    [{ schedule: "toString" }, "schedule: expected constant or step or linear or cosine or plateau, found toString"],
    [{ monitor: ["train"] }, "monitor: expected training or validation or test, found train"],
    [
      { cost: "log-likelihood" },
      "cost log-likelihood: expected output softmax, found output sigmoid; use output softmax, or cost quadratic or cross-entropy",
    ],
    [
      { monitor: ["training", "validation"] },
      "monitor validation: expected validation images, found none; hold some out for it",
    ],
    [{ patience: 2 }, "patience or schedule plateau: expected validation images, found none; hold some out for it"],
    [
      { schedule: "plateau" },
      "patience or schedule plateau: expected validation images, found none; hold some out for it",
    ],
  ])("refuses %j", (options, message) => {
    const error = refusal(options);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toBe(message);
  });

  it.each<[number[], string]>([
    [[11, 6, 4], "layers 11,6,4: expected 12 input neurons for images of 3x4, found 11; use 12,6,4"],
    [[12, 6, 3], "layers 12,6,3: expected 4 output neurons or more for labels up to 3, found 3; use 12,6,4"],
  ])("refuses the layers %j", (sizes, message) => {
    const error = refusal({}, sizes);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toBe(message);
  });

  it.each([
    [2049, 1],
    [1, 2049],
  ])("refuses to distort images of %i x %i pixels, and takes them as they are", (rows, columns) => {
    const data = randomDataset(10, rows, columns, 4);
    for (const augment of ["shifts", "affine", "elastic"]) {
      const error = refusal({ augment }, [2049, 4], data);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as Error).message).toBe(
        `augment ${augment}: expected images of at most 2048 rows and 2048 columns, found images of ${rows}x${columns}`,
      );
    }
    expect(refusal({ augment: "none" }, [2049, 4], data)).toBeUndefined();
    expect(refusal({ augment: "elastic" }, [2048, 4], randomDataset(10, 1, 2048, 4))).toBeUndefined();
  });

  it("refuses, before the weights are drawn, a network that the fast engine's memory cannot hold", () => {
    const sizes = [12, 30_000, 40_000, 4]; // 4.5 GiB in float32
    const check = (engine: EngineName) => () => checkTraining({ sizes }, DATA, { engine });
    expect(check("fast")).toThrow(/layers 12,30000,40000,4 at batch size 10: .*the 4 GiB .*, found 4.5 GiB/);
    if (totalmem() > 20e9) expect(check("textbook")).not.toThrow();
  });

  const wide = Images.fromPixels(new Uint8Array(20 * 15), 3, 5);
  it.each<[unknown, string]>([
    [null, "training images: expected an instance of Images, found undefined"],
    [{}, "training images: expected an instance of Images, found undefined"],
    [{ ...DATA, validation: undefined }, "validation images: expected an instance of Images, found undefined"],
    [
      { ...DATA, training: { ...DATA.training, labels: [1, 2] } },
      "training labels: expected an instance of Uint8Array, found [Array]",
    ],
    [
      { ...DATA, training: { ...DATA.training, labels: new Uint8Array(96) } },
      "training data: expected 97 labels, one per image, found 96",
    ],
    [
      { ...DATA, test: { ...DATA.test, labels: new Uint8Array(20).fill(4) } },
      "test data: expected labels below 4, the number of classes, found 4",
    ],
    [{ ...DATA, classes: undefined }, "training data: expected labels below undefined, the number of classes, found 3"],
    [{ ...DATA, test: { ...DATA.test, images: wide } }, "test data: expected images of 3x4, found images of 3x5"],
    [{ ...DATA, test: DATA.validation }, "test data: expected at least one image, found none"],
  ])("refuses data that are no set: %#", (data, message) => {
    const error = refusal({}, SIZES, data);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toBe(message);
  });

  it.each<TrainOptions>([
    {},
    { batchSize: 1 },
    { batchSize: 97, epochs: 1, threads: 64 },
    { lambda: 0, l1: 0, momentum: 0, dropout: 0, maxNorm: infinity },
    { lambda: 1e9, l1: 1e9, momentum: 0.999, dropout: 0.999, maxNorm: 1e-9 },
    { eta: 1e-60, engine: "textbook" },
    { eta: 0.5, etaMin: 0.499, schedule: "cosine" },
    { schedule: "step", scheduleEpochs: 1, scheduleFactor: 0.999 },
    { schedule: "linear", warmup: 0.999, etaMin: 0.1 },
    { schedule: "cosine", warmup: 0 },
    { schedule: "constant", warmup: 0, etaMin: 0 },
    { schedule: "step", warmup: 0 },
    { augment: "shifts", augmentStrength: 1 },
    { augment: "none", augmentStrength: 1 },
    { augment: "affine", augmentStrength: 0 },
    { augment: "elastic", augmentStrength: 10, engine: "textbook" },
    { targetAccuracy: 1 },
    { targetAccuracy: infinity, patience: infinity },
    { monitor: [] },
    { monitor: ["training", "test"] },
    { lambda: undefined, schedule: undefined, patience: undefined, monitor: undefined },
  ])("takes %j", (options) => expect(refusal(options)).toBeUndefined());

  it("fills in the book's defaults, for undefined too", () => {
    const expected = {
      batchSize: 10,
      epochs: 30,
      eta: 3,
      cost: "quadratic",
      lambda: 0,
      dropout: 0,
      shuffle: true,
      augment: "none",
      warmup: 0,
    };
    const network = new Network(SIZES);
    expect(checkTraining(network, DATA)).toMatchObject(expected);
    expect(checkTraining(network, DATA, { eta: undefined, lambda: undefined, cost: undefined })).toMatchObject(
      expected,
    );
  });

  it("has validation monitored where it is needed", () => {
    const data = { ...DATA, validation: DATA.test };
    const monitored = (options: TrainOptions) => [...checkTraining(new Network(SIZES), data, options).monitor].sort();
    expect(monitored({})).toEqual([]);
    expect(monitored({ patience: 2 })).toEqual(["validation"]);
    expect(monitored({ schedule: "plateau", monitor: ["test"] })).toEqual(["test", "validation"]);
    expect(monitored({ schedule: "cosine", monitor: ["validation", "validation"] })).toEqual(["validation"]);
  });
});
