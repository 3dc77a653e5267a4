import type { Dataset } from "../../data/dataset.js";
import { PARTS, type Part } from "../../data/parts.js";
import { ConfigurationError } from "../../errors.js";
import type { Hyperparameters } from "../../network/hyperparameters.js";
import type { Network } from "../../network/network.js";
import { FIELDS, type Fields, type Placed } from "./records.js";
import { isCopied, roundUp, sharesOf, whole } from "./shares.js";

/**
 * Where everything lies in the memory that the kernel and all its threads share; addresses in bytes.
 *
 * Weights lie input-major, units padded to vectors of 4 with zeros and cut into panels, see assembly/layout.ts; activations and deltas
 * have a row for each example of a mini-batch.
 */
export interface Layout {
  bytes: number;
  rule: number;
  /** f32[256], pixel value -> 0..1 */
  values: number;
  threads: Placed<"thread">[];
  /** One thread that does it all, on the first one's arrays. */
  solo: Placed<"thread">;
  /** [thread][layer], the last row for `solo`; most of them share their arrays. */
  layers: Placed<"layer">[][];
  /** Each part in its own order. */
  images: Record<Part, Placed<"images">>;
  /** The training images in the order at `order`, u32[training examples]. */
  shuffled: Placed<"images">;
  order: number;
  /** u32[...], 0, 1, 2, ... */
  inOrder: number;
  /** f32 (examplesAtOnce, output units), where `evaluate` puts z. */
  outputs: number;
  examplesAtOnce: number;
  /** Where the parameters begin and end: nothing but f32. */
  parameters: { from: number; to: number };
  /** Examples that scratch has room for: a mini-batch, or 64 if that is more, for evaluation. */
  rows: number;
}

/** Of how many numbers the buffer for output is, about. */
const MOST_OUTPUTS = 1 << 18;

/** What lies below is the kernel's own; a WebAssembly memory holds at most 4 GiB; everything begins at a cache line. In bytes. */
const [BASE, LARGEST, LINE] = [65536, 2 ** 32 - 65536, 64];

/** Makes room for so many bytes, and says where. */
type Take = (bytes: number) => number;

/** @throws ConfigurationError if it would need more than a WebAssembly memory holds */
export function layOut(
  network: Pick<Network, "sizes" | "output">,
  data: Dataset,
  { batchSize, momentum }: Hyperparameters,
  threads: number,
): Layout {
  const { sizes } = network;
  let top = BASE;
  const take: Take = (bytes) => {
    const at = top;
    top = roundUp(top + bytes, LINE);
    return at;
  };
  const each = Array.from({ length: threads }, (_, me) => me);
  const count = sizes.length - 1;
  const rows = Math.max(batchSize, 64);
  const examplesAtOnce = Math.max(64, Math.floor(MOST_OUTPUTS / sizes[count]));

  const rule = take(4 * FIELDS.rule.length);
  const values = take(4 * 256);
  const barrier = take((threads + 1) * LINE);
  const soloBarrier = take(2 * LINE);
  const firstLayers = [...each, threads].map(() => take(4 * FIELDS.layer.length * count));
  const thread = (me: number, first: number, threads: number, barrier: number): Placed<"thread"> => ({
    at: take(4 * FIELDS.thread.length),
    fields: { first, layers: count, rule, values, me, threads, barrier },
  });

  const shares = sharesOf(network, batchSize, threads);
  const parameters = placeArrays(shares, (l) => isCopied(sizes, l, batchSize, threads), rows, momentum > 0, take);
  const solo = shares.map(([fields], l) => whole(fields, l));
  const layers = [...each.map((me) => shares.map((threadsShares) => threadsShares[me])), solo].map((all, me) =>
    all.map((fields, l) => ({ at: firstLayers[me] + 4 * FIELDS.layer.length * l, fields })),
  );
  const layout: Omit<Layout, "bytes"> = {
    rule,
    values,
    layers,
    parameters,
    rows,
    ...placeExamples(data, take),
    threads: each.map((me) => thread(me, firstLayers[me], threads, barrier)),
    solo: thread(0, firstLayers[threads], 1, soloBarrier),
    outputs: take(4 * examplesAtOnce * sizes[count]),
    examplesAtOnce,
  };
  if (top > LARGEST) throw tooLarge(sizes, batchSize, top);
  return { ...layout, bytes: top };
}

/**
 * Places the arrays of all layers: those that a thread does not have a copy of are shared by all threads.
 *
 * @param shares    [layer][thread], completed here
 * @param isCopied  whether each thread has a copy of layer l
 * @param rows      examples that activations and deltas have room for
 * @returns where the parameters begin and end
 */
function placeArrays(
  shares: Fields<"layer">[][],
  isCopied: (l: number) => boolean,
  rows: number,
  hasVelocities: boolean,
  take: Take,
): Layout["parameters"] {
  const forEachCopy = (place: (fields: Fields<"layer">) => Partial<Fields<"layer">>) => {
    for (const [l, threadsShares] of shares.entries()) {
      const common = isCopied(l) ? undefined : place(threadsShares[0]);
      for (const fields of threadsShares) Object.assign(fields, common ?? place(fields));
    }
  };
  const from = take(0);
  forEachCopy(({ rows, vectors }) => ({ weights: take(16 * rows * vectors), biases: take(16 * vectors) }));
  const to = take(0);
  forEachCopy(({ rows, vectors, weights, biases }) =>
    hasVelocities
      ? { weightTargets: take(16 * rows * vectors), biasTargets: take(16 * vectors) }
      : { weightTargets: weights, biasTargets: biases },
  );
  forEachCopy(({ units, swap }) => {
    const stride = rowStride(units);
    const activations = take(rows * stride * (swap ? 2 : 1));
    return { stride, activations, deltas: take(rows * stride), swap: swap * rows * stride };
  });
  return { from, to };
}

/** Places the examples of each part, and the orders in which they come. */
function placeExamples(data: Dataset, take: Take): Pick<Layout, "images" | "shuffled" | "order" | "inOrder"> {
  const inOrder = take(4 * Math.max(...PARTS.map((name) => data[name].labels.length)));
  const order = take(4 * data.training.labels.length);
  const place = (name: Part): Placed<"images"> => {
    const { images, labels } = data[name];
    const starts = take(4 * (labels.length + 1));
    const pairs = take(images.starts[labels.length] - images.starts[0]);
    return {
      at: take(4 * FIELDS.images.length),
      fields: { starts, pairs, labels: take(labels.length), order: inOrder, length: labels.length },
    };
  };
  const images = { training: place("training"), validation: place("validation"), test: place("test") };
  const shuffled = { at: take(4 * FIELDS.images.length), fields: { ...images.training.fields, order } };
  return { images, shuffled, order, inOrder };
}

/** Bytes of a row of activations: whole cache lines, an odd number of them, lest the rows of a batch compete for the same places. */
function rowStride(units: number): number {
  const lines = Math.ceil((4 * units) / LINE);
  return LINE * (lines % 2 ? lines : lines + 1);
}

function tooLarge(sizes: readonly number[], batchSize: number, bytes: number): ConfigurationError {
  return new ConfigurationError({
    thing: `layers ${sizes.join(",")} at batch size ${batchSize}`,
    expected: "data, weights and a mini-batch that fit into the 4 GiB of the fast engine's memory",
    found: `${(bytes / 2 ** 30).toFixed(1)} GiB`,
    remedy: "use fewer neurons, smaller mini-batches or the textbook engine",
  });
}
