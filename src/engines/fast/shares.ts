import type { Network } from "../../network/network.js";
import type { Fields } from "./records.js";

/** Widest panels, in vectors: 8 in the first layer, whose sums stay in registers (assembly/sparse.ts), 32 in the others. */
const WIDEST = { first: 8, other: 32 };

/**
 * Up to how many multiply-adds a mini-batch the output layer is done by every thread for itself, on a copy of its own, which saves two
 * meetings. (784,100,10 at batch 10 has 10,000.)
 */
const LARGEST_COPIED = 1 << 17;

/**
 * How the threads divide the layers among them: [layer][thread], with all arrays still to be placed.
 *
 * Each thread owns some panels of every layer: it works out their units, and updates the weights that lead into them (first layer) or
 * out of them (the others), see assembly/index.ts.
 */
export function sharesOf(
  { sizes, output }: Pick<Network, "sizes" | "output">,
  batchSize: number,
  threads: number,
): Fields<"layer">[][] {
  const shares = sizes
    .slice(1)
    .map((_, l) => Array.from({ length: threads }, (_, me) => share(sizes, l, batchSize, me, threads)));
  if (output === "softmax") meetForSoftmax(shares[shares.length - 1]);
  return shares;
}

/** A thread's share of the layer that weights l lead into. */
function share(sizes: readonly number[], l: number, batchSize: number, me: number, threads: number): Fields<"layer"> {
  const own = isCopied(sizes, l, batchSize, threads);
  const { panels, vectors } = panelling(sizes, l, batchSize, threads);
  const [fromPanel, toPanel] = own ? [0, panels] : [part(panels, me, threads), part(panels, me + 1, threads)];
  const inputs = sizes[l];
  let [fromRow, toRow] = [0, l === 0 ? 0 : inputs];
  if (l > 0 && !own) {
    const below = panelling(sizes, l - 1, batchSize, threads);
    const unit = (thread: number) => 4 * part(below.vectors, part(below.panels, thread, threads), below.panels);
    [fromRow, toRow] = [Math.min(inputs, unit(me)), Math.min(inputs, unit(me + 1))];
  }
  const last = l === sizes.length - 2;
  return {
    inputs,
    units: sizes[l + 1],
    vectors,
    rows: roundUp(inputs, 4),
    panels,
    fromPanel,
    toPanel,
    fromRow,
    toRow,
    meetForward: Number(threads > 1 && !own && !last),
    meetDelta: Number(threads > 1 && !own && l > 0),
    // While one thread is still in this mini-batch's update, another may write the next one's activations.
    swap: Number(sizes.length === 3 && l === 0 && isCopied(sizes, 1, batchSize, threads)),
    weights: 0,
    biases: 0,
    weightTargets: 0,
    biasTargets: 0,
    activations: 0,
    deltas: 0,
    stride: 0,
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
export function whole(fields: Fields<"layer">, l: number): Fields<"layer"> {
  const { panels, inputs } = fields;
  const everything = { fromPanel: 0, toPanel: panels, fromRow: 0, toRow: l === 0 ? 0 : inputs };
  return { ...fields, ...everything, meetForward: 0, meetDelta: 0 };
}

/** Whether every thread works out the layer on a copy of its own: only the output layer, and only if it is small. */
export function isCopied(sizes: readonly number[], l: number, batchSize: number, threads: number): boolean {
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

export function roundUp(n: number, multiple: number): number {
  return Math.ceil(n / multiple) * multiple;
}
