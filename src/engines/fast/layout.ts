/** Decides where everything lies in the memory that the kernel and all its threads share. */
import type { Dataset } from "../../data/dataset.js";
import type { Images } from "../../data/images.js";
import { PARTS, type Part } from "../../data/parts.js";
import type { AugmentationName } from "../../distortion/augmentation.js";
import { ConfigurationError } from "../../errors.js";
import type { Hyperparameters } from "../../network/hyperparameters.js";
import type { EngineTask } from "../engine.js";
import { isDistorted, placeCanvas, placeDistorted } from "./distortion-layout.js";
import { FIELDS, type Fields, ruleOf } from "./records.js";
import { type LayerShape, listsPay, mostListed, shapesOf, shareOf, WIDEST } from "./shares.js";
import { LINE, Space } from "./space.js";

/** Approximate number of values in the buffer for outputs. */
const OUTPUT_VALUES = 1 << 18;

/** The smallest number of examples that scratch and the outputs have room for, so that evaluation is fast at small batch sizes too. */
const FEWEST_EXAMPLES = 64;

/** The largest WebAssembly memory, in bytes. */
const LARGEST = 2 ** 32 - 65536;

/** As in the kernel: the slabs of an image (assembly/lists.ts), and the rows of a block of weights (assembly/dense.ts). */
const [SLABS, BLOCK] = [2, 256];

/** `lists` says whether the first layer works from lists. Tests set it; by default it is chosen by what is faster. */
type Settings = Hyperparameters & { threads: number; lists?: boolean; augment?: AugmentationName };

/** The addresses of all records and arrays, in bytes, and the contents of the records. */
export type Layout = ReturnType<typeof layOut>;

/** @throws ConfigurationError if more is needed than a WebAssembly memory holds */
export function layOut(network: EngineTask["network"], data: Dataset, settings: Settings) {
  const { sizes } = network;
  const { batchSize } = settings;
  const outputUnits = sizes[sizes.length - 1];
  const examplesAtOnce = Math.max(FEWEST_EXAMPLES, Math.floor(OUTPUT_VALUES / outputUnits));
  const scratchExamples = Math.max(batchSize, FEWEST_EXAMPLES);
  const space = new Space();
  const rule = space.record("rule", ruleOf({ ...settings, ...network, n: data.training.labels.length })).at;
  const values = space.take(4 * 256);
  const examples = placeExamples(data, space);
  const layout = {
    batchSize,
    /** The number of examples that the layers' activations and deltas have room for. */
    scratchExamples,
    /** f32[256]: pixel value -> 0..1 */
    values,
    ...placeThreads(network, settings, data, scratchExamples, { rule, values }, space),
    ...examples,
    /** f32 (training examples): the learning rate of each mini-batch; a mini-batch may be one example. */
    etas: space.take(4 * data.training.labels.length),
    distorted: isDistorted(settings)
      ? placeDistorted(data.training.images, settings, examples.images.training.fields.order, space)
      : null,
    /** f32 (examplesAtOnce, output units): where `evaluate` writes z. */
    outputs: space.take(4 * examplesAtOnce * outputUnits),
    examplesAtOnce,
    records: space.records,
    bytes: space.top,
  };
  if (layout.bytes <= LARGEST) return layout;
  throw new ConfigurationError({
    thing: `layers ${sizes.join(",")} at batch size ${batchSize}`,
    expected: "data, weights and a mini-batch that fit into the 4 GiB of the fast engine's memory",
    found: `${(layout.bytes / 2 ** 30).toFixed(1)} GiB`,
    remedy: "use fewer neurons, smaller mini-batches or the textbook engine",
  });
}

/** Places the arrays of all layers, and the records of the threads of a team and of one thread alone. */
function placeThreads(
  { sizes, output }: EngineTask["network"],
  settings: Settings,
  { training: { images } }: Dataset,
  scratchExamples: number,
  common: Pick<Fields<"thread">, "rule" | "values">,
  space: Space,
) {
  const { batchSize, momentum, threads, lists } = settings;
  const most = mostListed(sizes[0], scratchExamples);
  const scratch = Array.from({ length: threads }, () => placeScratch(images, most, isDistorted(settings), space));
  const placeThread = (
    shapes: LayerShape[],
    arrays: LayerArrays[],
    index: number,
    threadCount: number,
    barrier: number,
  ) => {
    const firstLayer = space.take(4 * FIELDS.layer.length * shapes.length);
    const layers = shapes.map((shape, l) => {
      const share = shareOf(shapes, l, output, index, threadCount);
      return space.record("layer", { ...shape, ...share, ...arrays[l] }, firstLayer + 4 * FIELDS.layer.length * l);
    });
    const listedExamples = (lists ?? listsPay(sizes, batchSize, threadCount)) ? most : 0;
    const own = { firstLayer, layerCount: shapes.length, index, threadCount, barrier, listedExamples };
    return { thread: space.record("thread", { ...common, ...scratch[index], ...own }), layers };
  };

  const teamShapes = shapesOf(sizes, batchSize, threads);
  const placeOne = (shape: LayerShape) => placeArrays(shape, scratchExamples, momentum > 0, space);
  const first = teamShapes.map(placeOne);
  const barrier = space.take((threads + 1) * LINE);
  const team = Array.from({ length: threads }, (_, index) => {
    const arrays = teamShapes.map((shape, l) => (shape.isCopied && index > 0 ? placeOne(shape) : first[l]));
    return placeThread(teamShapes, arrays, index, threads, barrier);
  });
  // One thread alone works on the arrays of the team's first thread, unless a layer there has more than 8/7 of the panels that one thread needs: on
  // [784,30,10], reading every example for two panels instead of one takes 1.2 times as long. In that case it has parameters of its own.
  const soloShapes = shapesOf(sizes, batchSize, 1);
  const barrierOfOne = space.take(2 * LINE);
  if (soloShapes.every(({ panels }, l) => 8 * panels >= 7 * teamShapes[l].panels)) {
    return { team, solo: placeThread(teamShapes, first, 0, 1, barrierOfOne) };
  }
  const arrays = soloShapes.map((shape, l) => ({ ...first[l], ...placeParameters(shape, momentum > 0, space) }));
  return { team, solo: placeThread(soloShapes, arrays, 0, 1, barrierOfOne) };
}

/** Places what a thread needs for itself; assembly/layout.ts gives the shape of each array. */
function placeScratch({ rows, columns }: Images, listedExamples: number, isDistorted: boolean, space: Space) {
  const inputs = rows * columns;
  return {
    entries: space.take(8 * listedExamples * inputs),
    starts: space.take(4 * (SLABS * listedExamples + 1)),
    ends: space.take(4 * inputs),
    transposed: space.take(4 * BLOCK * 4 * WIDEST),
    zeros: space.take(16 * WIDEST),
    ...(isDistorted ? placeCanvas(rows, columns, space) : { canvas: 0, warped: 0 }),
  };
}

type LayerArrays = ReturnType<typeof placeArrays>;

/** Places one copy of a layer's arrays, first its parameters and velocities. assembly/layout.ts gives the shape of each. */
function placeArrays(shape: LayerShape, scratchExamples: number, hasVelocities: boolean, space: Space) {
  const { units, isDoubleBuffered } = shape;
  const parameters = placeParameters(shape, hasVelocities, space);
  const lines = Math.ceil((4 * units) / LINE);
  // From one row of activations to the next: an odd number of cache lines, so that rows do not compete for the same cache sets.
  const stride = LINE * (lines % 2 ? lines : lines + 1);
  const scratch = scratchExamples * stride;
  return {
    ...parameters,
    activations: space.take(isDoubleBuffered ? 2 * scratch : scratch),
    deltas: space.take(scratch),
    stride,
    oddBatchOffset: isDoubleBuffered ? scratch : 0,
  };
}

function placeParameters({ rows, vectors }: LayerShape, hasVelocities: boolean, space: Space) {
  const takeWeights = () => space.take(16 * rows * vectors);
  const takeBiases = () => space.take(16 * vectors);
  const weights = takeWeights();
  const biases = takeBiases();
  return {
    weights,
    biases,
    weightTargets: hasVelocities ? takeWeights() : weights,
    biasTargets: hasVelocities ? takeBiases() : biases,
  };
}

/** Places the examples of each part and the orders in which they come. */
function placeExamples(data: Dataset, space: Space) {
  const inOrder = space.take(4 * Math.max(...PARTS.map((part) => data[part].labels.length)));
  const place = (part: Part) => {
    const { images, labels } = data[part];
    const rows = space.take(8 * labels.length);
    const pairs = space.take(images.starts[labels.length] - images.starts[0]);
    const fields = { rows, pairs, labels: space.take(labels.length), order: inOrder, length: labels.length };
    return space.record("images", fields);
  };
  /** The examples of each part in their own order. */
  const images = { training: place("training"), validation: place("validation"), test: place("test") };
  const order = space.take(4 * data.training.labels.length);
  /** The training examples in the order at its field `order`, which is u32[training examples]. */
  const shuffled = space.record("images", { ...images.training.fields, order });
  return { images, shuffled };
}
