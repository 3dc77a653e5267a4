import type { Dataset } from "../data/dataset.js";
import { PARTS, type Part } from "../data/parts.js";
import { ConfigurationError } from "../errors.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import type { Network } from "../network/network.js";

/** The fields of the kernel's records, in the order of assembly/layout.ts: 32-bit words, addresses in bytes. */
export const FIELDS = {
  rule: ["activation", "output", "cost", "l2", "l1", "momentum", "dropBelow", "keep", "dropFactor", "maxNorm"],
  thread: ["first", "layers", "rule", "values", "me", "threads", "barrier"],
  layer: [
    ...(["inputs", "units", "vectors", "rows", "panels", "fromPanel", "toPanel", "fromRow", "toRow"] as const),
    ...(["meetForward", "meetDelta", "weights", "biases", "activations", "deltas", "stride"] as const),
    ...(["weightTargets", "biasTargets", "swap"] as const),
  ],
  images: ["starts", "pairs", "labels", "order", "length"],
} as const;
export type Fields<Kind extends keyof typeof FIELDS> = Record<(typeof FIELDS)[Kind][number], number>;

/** A record, and where it lies. */
export interface Placed<Kind extends keyof typeof FIELDS> {
  at: number;
  fields: Fields<Kind>;
}

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

/** Widest panels, in vectors: 8 in the first layer, whose sums stay in registers (assembly/sparse.ts), 32 in the others. */
const WIDEST = { first: 8, other: 32 };

/**
 * Up to how many multiply-adds a mini-batch the output layer is done by every thread for itself, on a copy of its own, which saves two
 * meetings. (784,100,10 at batch 10 has 10,000.)
 */
const LARGEST_COPIED = 1 << 17;

/** Of how many numbers the buffer for output is, about. */
const MOST_OUTPUTS = 1 << 18;

/** What lies below is the kernel's own; a WebAssembly memory holds at most 4 GiB; everything begins at a cache line. In bytes. */
const [BASE, LARGEST, LINE] = [65536, 2 ** 32 - 65536, 64];

const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

/** @throws ConfigurationError if it would need more than a WebAssembly memory holds */
export function layOut(
  { sizes, output }: Network,
  data: Dataset,
  { batchSize, momentum }: Hyperparameters,
  threads: number,
): Layout {
  let top = BASE;
  const take = (bytes: number) => {
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
  const shares = sizes.slice(1).map((_, l) => each.map((me) => share(sizes, l, batchSize, me, threads)));
  // A layer's arrays are shared by all threads, unless each has a copy of its own.
  const forEachCopy = (place: (fields: Fields<"layer">) => Partial<Fields<"layer">>) => {
    for (const [l, threadsShares] of shares.entries()) {
      const copied = isCopied(sizes, l, batchSize, threads);
      const common = copied ? undefined : place(threadsShares[0]);
      for (const fields of threadsShares) Object.assign(fields, common ?? place(fields));
    }
  };
  const from = top;
  forEachCopy(({ rows, vectors }) => ({ weights: take(16 * rows * vectors), biases: take(16 * vectors) }));
  const parameters = { from, to: top };
  forEachCopy(({ rows, vectors, weights, biases }) =>
    momentum > 0
      ? { weightTargets: take(16 * rows * vectors), biasTargets: take(16 * vectors) }
      : { weightTargets: weights, biasTargets: biases },
  );
  if (output === "softmax") meetForSoftmax(shares[count - 1]);
  forEachCopy(({ stride, swap }) => ({
    activations: take(rows * stride * (swap ? 2 : 1)),
    deltas: take(rows * stride),
    swap: swap * rows * stride,
  }));
  const solo = shares.map(([fields], l) => whole(fields, l));
  const layers = [...each.map((me) => shares.map((threadsShares) => threadsShares[me])), solo].map((all, me) =>
    all.map((fields, l) => ({ at: firstLayers[me] + 4 * FIELDS.layer.length * l, fields })),
  );
  const thread = (me: number, first: number, ofHowMany: number, at: number): Placed<"thread"> => ({
    at: take(4 * FIELDS.thread.length),
    fields: { first, layers: count, rule, values, me, threads: ofHowMany, barrier: at },
  });

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
  const layout: Omit<Layout, "bytes"> = {
    ...{ rule, values, layers, images, order, inOrder, parameters, rows },
    threads: each.map((me) => thread(me, firstLayers[me], threads, barrier)),
    solo: thread(0, firstLayers[threads], 1, soloBarrier),
    shuffled: { at: take(4 * FIELDS.images.length), fields: { ...images.training.fields, order } },
    outputs: take(4 * examplesAtOnce * sizes[count]),
    examplesAtOnce,
  };
  if (top > LARGEST) throw tooLarge(sizes, batchSize, top);
  return { ...layout, bytes: top };
}

/** A thread's share of the layer that weights l lead into, its arrays not placed yet. */
function share(sizes: readonly number[], l: number, batchSize: number, me: number, threads: number): Fields<"layer"> {
  const own = isCopied(sizes, l, batchSize, threads);
  const { panels, vectors } = panelling(sizes, l, batchSize, threads);
  const [fromPanel, toPanel] = own ? [0, panels] : [part(panels, me, threads), part(panels, me + 1, threads)];
  const inputs = sizes[l];
  const stride = rowStride(sizes[l + 1]);
  let [fromRow, toRow] = [0, l === 0 ? 0 : inputs];
  if (l > 0 && !own) {
    const below = panelling(sizes, l - 1, batchSize, threads);
    const unit = (thread: number) => 4 * part(below.vectors, part(below.panels, thread, threads), below.panels);
    [fromRow, toRow] = [Math.min(inputs, unit(me)), Math.min(inputs, unit(me + 1))];
  }
  const last = l === sizes.length - 2;
  return {
    ...{
      inputs,
      units: sizes[l + 1],
      vectors,
      rows: roundUp(inputs, 4),
      panels,
      fromPanel,
      toPanel,
      fromRow,
      toRow,
      stride,
    },
    meetForward: Number(threads > 1 && !own && !last),
    meetDelta: Number(threads > 1 && !own && l > 0),
    // While one thread is still in this mini-batch's update, another may write the next one's activations.
    swap: Number(sizes.length === 3 && l === 0 && isCopied(sizes, 1, batchSize, threads)),
    ...{ weights: 0, biases: 0, activations: 0, deltas: 0, weightTargets: 0, biasTargets: 0 },
  };
}

/** Where threads share the output layer, each needs the z of all its units for a softmax, until all have their deltas. */
function meetForSoftmax(threadsShares: Fields<"layer">[]): void {
  const isShared = threadsShares.some(({ fromPanel, toPanel, panels }) => toPanel - fromPanel < panels);
  for (const fields of threadsShares) {
    fields.meetForward = Number(isShared);
    fields.meetDelta = Number(isShared);
  }
}

/** The whole layer as one thread's share. */
function whole(fields: Fields<"layer">, l: number): Fields<"layer"> {
  const { panels, inputs } = fields;
  return {
    ...fields,
    fromPanel: 0,
    toPanel: panels,
    fromRow: 0,
    toRow: l === 0 ? 0 : inputs,
    meetForward: 0,
    meetDelta: 0,
  };
}

/** Whether every thread works out the layer on a copy of its own: only the output layer, and only if it is small. */
function isCopied(sizes: readonly number[], l: number, batchSize: number, threads: number): boolean {
  const isOutput = l > 0 && l === sizes.length - 2;
  return isOutput && threads > 1 && sizes[l] * sizes[l + 1] * batchSize <= LARGEST_COPIED;
}

/** Into how many panels a layer's vectors are cut: a multiple of the threads if there are enough. */
function panelling(sizes: readonly number[], l: number, batchSize: number, threads: number) {
  const vectors = Math.ceil(sizes[l + 1] / 4);
  const fewest = Math.ceil(vectors / (l === 0 ? WIDEST.first : WIDEST.other));
  const panels = isCopied(sizes, l, batchSize, threads) ? fewest : Math.min(vectors, roundUp(fewest, threads));
  return { vectors, panels };
}

/** Where part i begins when n things are dealt out to k as evenly as they go. */
export function part(n: number, i: number, k: number): number {
  return Math.floor((i * n) / k);
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
