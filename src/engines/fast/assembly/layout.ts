/**
 * The records that the host lays out in shared memory and the kernel only reads: 32-bit words in this order, addresses in bytes.
 *
 * Units are counted in vectors of 4 (padded with zeros); a layer's vectors are dealt out to panels as evenly as they go,
 * at most 8 a panel in the first layer (sparse.ts holds a panel's sums in registers), at most 32 in the others. A panel is a matrix (rows,
 * its units) of its own, so that a walk down its rows stays near, however wide the layer. Measured on [784,1024,1024,10], batch 128,
 * widest dense panel 8 / 16 / 32 / all 256 vectors: 13.9 / 12.2 / 11.5 / 19-23 s an epoch.
 */

/** A set of examples as sparse rows: a byte pair for each ink pixel, (gap to the next ink pixel, value), see sparse.ts. */
@unmanaged
export class Images {
  /** u32[n + 1], byte offset from `pairs` of each example's row; the last one is the end of the last row. */
  starts: usize;
  pairs: usize;
  /** u8[n], the digits. */
  labels: usize;
  /** u32[...], which example comes when. */
  order: usize;
  /** How many examples there are. */
  length: u32;
}

/** The weights into one layer of neurons, and that layer's activations and deltas, as one thread sees them. */
@unmanaged
export class Layer {
  /** Neurons below, and of this layer; not padded. */
  inputs: i32;
  units: i32;
  /** units / 4 rounded up, and inputs rounded up to a multiple of 4. */
  vectors: i32;
  rows: i32;
  panels: i32;
  /** This thread's share: panels for the forward pass and the biases, rows of weights for the update. */
  fromPanel: i32;
  toPanel: i32;
  fromRow: i32;
  toRow: i32;
  /** Not 0: another thread reads what this one has just written, so meet after the forward pass / after the deltas. */
  meetAfterForward: i32;
  meetAfterDelta: i32;
  /** f32, panel after panel, each (rows, units of the panel) row-major; padded rows and units are zero and stay zero. */
  weights: usize;
  /** f32[4 * vectors] */
  biases: usize;
  /** f32 (examples, stride bytes). */
  activations: usize;
  deltas: usize;
  stride: usize;
  /** What an update is added to: the weights and biases themselves or, with momentum, their velocities, laid out alike. */
  weightTargets: usize;
  biasTargets: usize;
  /** Activations of odd mini-batches lie this many bytes further on (0: in the same place). */
  oddBatchOffset: usize;
}

/** How a mini-batch moves the parameters. */
@unmanaged
export class Rule {
  /** Numbers of names in the tables of src/network. */
  activation: i32;
  output: i32;
  cost: i32;
  /** lambda/n and l1/n. */
  l2: f32;
  l1: f32;
  momentum: f32;
  /** Hidden neurons whose random bits are below this are left out (0: none), the share that is not, and 1 / keep, which they count. */
  dropThreshold: u32;
  keep: f32;
  dropFactor: f32;
  /** 0: none. */
  maxNorm: f32;
}

/** One thread's view of the work. */
@unmanaged
export class Thread {
  /** Record of the first layer; the others follow it. */
  firstLayer: usize;
  layerCount: i32;
  rule: Rule;
  /** f32[256], pixel value -> 0..1, so the last one is 1. */
  values: usize;
  /** Barrier, see barrier.ts. */
  index: i32;
  threadCount: i32;
  barrier: usize;
}

/** Layer record `l`, counting from 0 = the weights that lead out of the input. */
export function layerAt(t: Thread, l: i32): Layer {
  return changetype<Layer>(t.firstLayer + <usize>l * offsetof<Layer>());
}

/** First vector of panel `p`; `panelStart(panels)` is the number of vectors. */
export function panelStart(layer: Layer, p: i32): i32 {
  assert(p >= 0 && p <= layer.panels);
  return <i32>(<i64>p * layer.vectors / layer.panels); // the product may pass 2^31
}

/** Address of a panel that starts at vector `v`. */
export function panelWeights(layer: Layer, v: i32): usize {
  assert(v >= 0 && v < layer.vectors);
  return layer.weights + <usize>v * layer.rows * 16;
}

/** Address of what is added to when a panel that starts at vector `v` is updated. */
export function panelTargets(layer: Layer, v: i32): usize {
  assert(v >= 0 && v < layer.vectors);
  return layer.weightTargets + <usize>v * layer.rows * 16;
}

/** Address of this mini-batch's activations. */
export function activationsOf(layer: Layer, batch: i32): usize {
  return row(layer.activations, batch & 1, layer.oddBatchOffset);
}

/** Address of row `i` of a matrix whose rows are `stride` bytes apart. */
// @ts-ignore: decorator
@inline
export function row(base: usize, i: i32, stride: usize): usize {
  return base + <usize>i * stride;
}

/** sum + x * y, rounded twice: a fused multiply-add would differ from machine to machine. */
// @ts-ignore: decorator
@inline
export function madd(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}
