/** How the layers are cut into panels, and the panels divided among the threads. */
import type { OutputName } from "../../network/output.js";

/** The largest number of vectors per panel: so many sums stay in registers (assembly/sparse.ts). */
export const WIDEST = 8;

/**
 * The largest output layer, in multiply-adds per mini-batch, that every thread computes for itself on its own copy, which saves two
 * meetings of the threads. (The output layer of 784,100,10 at batch size 10 takes 10,000.)
 */
const LARGEST_COPIED = 1 << 17;

/** The largest number of entries per list: 1 MiB. */
const LARGEST_LIST = 1 << 17;

/**
 * Whether the first layer is faster from lists of a mini-batch's ink (assembly/lists.ts) than row by row. Every thread writes its own lists, so
 * the number of its units counts. In the update, a list is looked up for each pixel, also for one without ink, which does not pay for a few
 * examples. Measured on [784,n,10] with one thread, the time with lists divided by the time row by row:
 *
 *     n    batch   Node 20   Node 24   Node 24, 256 bit
 *     100     10      1.26      1.15               1.05
 *     100    100      0.98      0.94               1.05
 *     256     10      1.03      0.79               1.04
 *     256     32      0.91      0.89               0.92
 *     800      1      1.35      1.29               1.38
 *     800      8      0.93      0.89               0.93
 *     800    100      0.87      0.73               0.80
 */
export function listsPay([, units]: readonly number[], batchSize: number, threads: number): boolean {
  return (units >= 256 * threads && batchSize >= 8) || (units >= 128 * threads && batchSize > 32);
}

/** The largest number of examples per list, for images of `pixels` pixels. */
export function mostListed(pixels: number, examples: number): number {
  return Math.max(1, Math.min(examples, Math.floor(LARGEST_LIST / pixels)));
}

/** A layer of neurons and the weights that lead into it; assembly/layout.ts describes the fields of the record. */
export type LayerShape = ReturnType<typeof shapesOf>[number];

/** The shape of each layer but the input; element l is the layer that `weights[l]` leads into. */
export function shapesOf(sizes: readonly number[], batchSize: number, threads: number) {
  const last = sizes.length - 2;
  const outputWork = sizes[last] * sizes[last + 1] * batchSize;
  const hasCopies = threads > 1 && last > 0 && outputWork <= LARGEST_COPIED;
  return sizes.slice(1).map((units, l) => {
    const isCopied = hasCopies && l === last;
    const vectors = Math.ceil(units / 4);
    const fewest = Math.ceil(vectors / WIDEST);
    return {
      inputs: sizes[l],
      units,
      vectors,
      rows: roundUp(sizes[l], 4),
      // A multiple of the number of threads, if there are enough vectors.
      panels: isCopied ? fewest : Math.min(vectors, roundUp(fewest, threads)),
      /** Whether each thread computes the whole layer, on its own copy. Only a small output layer is copied. */
      isCopied,
      /**
       * Whether even and odd mini-batches have separate activations. They must if no meeting separates one thread's update, which reads
       * the activations, from the next forward pass of another, which writes them.
       */
      isDoubleBuffered: hasCopies && l === 0 && last === 1,
    };
  });
}

/**
 * What one of `threads` threads does of layer l, as fields of the thread's record of that layer.
 *
 * A thread owns some panels of every layer. It computes their units, and updates the weights that lead into them (first layer) or the
 * weights that lead out of them (the others); see assembly/index.ts.
 */
export function shareOf(shapes: readonly LayerShape[], l: number, output: OutputName, thread: number, threads: number) {
  const { panels, isCopied } = shapes[l];
  const [part, parts] = isCopied ? [0, 1] : [thread, threads];
  const [fromRow, toRow] = l === 0 ? [0, 0] : ownUnits(shapes[l - 1], part, parts);
  const isShared = parts > 1;
  const isOutput = l === shapes.length - 1;
  // A softmax needs the z of all output neurons, and nobody may overwrite them until every thread has its deltas.
  const isSoftmax = isOutput && output === "softmax";
  return {
    fromPanel: partStart(panels, part, parts),
    toPanel: partStart(panels, part + 1, parts),
    fromRow,
    toRow,
    meetAfterForward: Number(isShared && (!isOutput || isSoftmax)),
    meetAfterDelta: Number(isShared && (l > 0 || isSoftmax)),
  };
}

/** The units of a layer that a thread owns. */
function ownUnits({ units, vectors, panels }: LayerShape, part: number, parts: number): [from: number, to: number] {
  const firstUnit = (part: number) => 4 * partStart(vectors, partStart(panels, part, parts), panels);
  return [Math.min(units, firstUnit(part)), Math.min(units, firstUnit(part + 1))];
}

/** The first of n things that belongs to part i, if they are cut into k parts as equal as possible. */
export function partStart(n: number, i: number, k: number): number {
  return Math.floor((i * n) / k);
}

export function roundUp(n: number, multiple: number): number {
  return Math.ceil(n / multiple) * multiple;
}
