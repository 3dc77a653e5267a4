/**
 * The records in shared memory that the host writes (../records.ts) and the kernel reads: 32-bit words in this order, addresses in bytes.
 *
 * Units are counted in vectors of 4, padded with zeros. A layer's vectors are divided among panels as equally as possible, at most 8 vectors
 * per panel, whose sums stay in registers (sparse.ts). A panel is a matrix (rows, units of the panel) of its own, so that its rows lie close
 * together however wide the layer is.
 */

/**
 * Whether this is the build for 256-bit registers, in which V8 joins two neighbouring operations into one instruction. asconfig.json sets SIMD to
 * 128 or 256.
 */
export const WIDE = SIMD == 256;

/** A set of examples as sparse rows: for each ink pixel two bytes, the gap from the previous one and the value; see sparse.ts. */
@unmanaged
export class Images {
  /** u32 (length, 2): where each example's row begins, and where it ends, in bytes from `pairs` on. */
  rows: usize;
  /** u8[...] */
  pairs: usize;
  /** u8[length]: the digits. */
  labels: usize;
  /** u32[...]: the indices of the examples in the order in which they are used. */
  order: usize;
  /** The number of examples. */
  length: u32;
}

/** One layer of neurons and the weights into it, for one thread. */
@unmanaged
export class Layer {
  /** The number of neurons in the layer below and in this one, without padding. */
  inputs: i32;
  units: i32;
  /** `units / 4` rounded up, and `inputs` rounded up to a multiple of 4. */
  vectors: i32;
  rows: i32;
  /** The number of panels that the vectors are divided among. */
  panels: i32;
  /** This thread's share: the panels of the forward pass and of the biases, and the rows of the weights that it updates. */
  fromPanel: i32;
  toPanel: i32;
  fromRow: i32;
  toRow: i32;
  /** Not 0 if the threads must meet after the forward pass or the deltas of this layer, because they read each other's results. */
  meetAfterForward: i32;
  meetAfterDelta: i32;
  /** f32, panel after panel, each (rows, units of the panel) row-major. Padded rows and units are 0 and stay 0. */
  weights: usize;
  /** f32[4 * vectors] */
  biases: usize;
  /** f32 (examples, 4 * vectors), each row `stride` bytes after the previous one. */
  activations: usize;
  deltas: usize;
  stride: usize;
  /** What an update is added to: the weights and biases or, with momentum, their velocities, which have the same layout. */
  weightTargets: usize;
  biasTargets: usize;
  /** The activations of odd mini-batches are this many bytes after those of even ones. 0 if they share a place. */
  oddBatchOffset: usize;
}

/** How a mini-batch moves the parameters; ../records.ts gives the value of each field. */
@unmanaged
export class Rule {
  /** Numbers of the enums in activation.ts. */
  activation: i32;
  output: i32;
  cost: i32;
  /** lambda / n and l1 / n, n being the number of training examples. */
  l2: f32;
  l1: f32;
  momentum: f32;
  /** Dropout leaves out the hidden neurons whose random bits are below this. 0 without dropout. */
  dropThreshold: u32;
  /** 1 - dropout, and 1 / (1 - dropout), by which the neurons that are kept are multiplied. */
  keep: f32;
  dropFactor: f32;
  /** 0 if there is no bound. */
  maxNorm: f32;
}

/** One of the threads that work together. */
@unmanaged
export class Thread {
  /** The address of the record of the first layer, which the others follow, and their number. */
  firstLayer: usize;
  layerCount: i32;
  rule: Rule;
  /** f32[256]: pixel value -> 0..1. The last one is 1. */
  values: usize;
  /** The number of this thread, from 0, the number of threads, and the barrier at which they meet (barrier.ts). */
  index: i32;
  threadCount: i32;
  barrier: usize;
  /** For the first layer's lists (lists.ts): the largest number of examples per list, or 0 if the first layer works without lists. */
  listedExamples: i32;
  /** The entries of a list: (u32, f32)[listedExamples * inputs]. */
  entries: usize;
  /** u32[2 * listedExamples + 1]: where the entries of each slab of an example begin. */
  starts: usize;
  /** u32[inputs]: where the entries of each pixel end. */
  ends: usize;
  /** f32[256 * 4 * 8]: transposed weights (dense.ts), and 8 vectors of 0. */
  transposed: usize;
  zeros: usize;
  /** For distortions (warp.ts): an image with a border of pixels of 0, and the distorted image. Both are 0 if there are no distortions. */
  canvas: usize;
  warped: usize;
}

/** How the training images are distorted; see ../../../distortion. */
@unmanaged
export class Distortion {
  /** The size of the images. */
  rows: i32;
  columns: i32;
  /** Fainter pixels become 0. */
  faintest: i32;
  /** Whether the images are only moved, by at most one pixel. */
  isShift: i32;
  /** u32 (rows, columns): the place of each pixel on the canvas, which has a border. */
  places: usize;
  /** u8 (rows, columns): on which edges of the image each pixel lies. A bit each for the first column, last column, first row and last row. */
  edges: usize;
  /** i32 (examples, 8): where the pixels of each image come from. */
  maps: usize;
  /**
   * The displacement fields for elastic distortions, i32 (256, fieldStride / 4): after the 256 columns of the field they begin again, as many as an
   * image has. 0 if there are none.
   */
  fieldX: usize;
  fieldY: usize;
  fieldStride: usize;
  /** The room in bytes for the row of a distorted example: at least 16 more than the longest row. */
  rowBytes: usize;
}

/** The record of layer `l`; layer 0 is the first one after the input. */
// @ts-ignore: decorator
@inline
export function layerAt(t: Thread, l: i32): Layer {
  return changetype<Layer>(t.firstLayer + <usize>l * offsetof<Layer>());
}

/** The first vector of panel `p`. For p = panels it is the number of vectors. */
// @ts-ignore: decorator
@inline
export function panelStart(layer: Layer, p: i32): i32 {
  assert(p >= 0 && p <= layer.panels);
  return <i32>(<i64>p * layer.vectors / layer.panels); // the product may be larger than 2^31
}

/** The address of the weights of the panel that starts at vector `v`. */
// @ts-ignore: decorator
@inline
export function panelWeights(layer: Layer, v: i32): usize {
  assert(v >= 0 && v < layer.vectors);
  return layer.weights + <usize>v * layer.rows * 16;
}

/** The address of what an update of the panel that starts at vector `v` is added to. */
// @ts-ignore: decorator
@inline
export function panelTargets(layer: Layer, v: i32): usize {
  assert(v >= 0 && v < layer.vectors);
  return layer.weightTargets + <usize>v * layer.rows * 16;
}

/** The address of the activations of mini-batch `batch`. */
// @ts-ignore: decorator
@inline
export function activationsOf(layer: Layer, batch: i32): usize {
  return row(layer.activations, batch & 1, layer.oddBatchOffset);
}

/** The address of row `i` of a matrix whose rows are `stride` bytes apart. */
// @ts-ignore: decorator
@inline
export function row(base: usize, i: i32, stride: usize): usize {
  return base + <usize>i * stride;
}

/** sum + x * y, rounded twice. A fused multiply-add rounds once, and not every machine has it. */
// @ts-ignore: decorator
@inline
export function madd(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}
