/**
 * All layers but the first, whose inputs are activations: three matrix products, z = a W + b, the error W^T delta and the update a^T delta.
 *
 * One function computes a tile of each: 2 examples (or, in the update, 2 rows of W) by up to 4 vectors, 16 units, so that its 8 sums stay in
 * registers; in the build for 256 bit, by up to 8 vectors. If a pair has no second element, the first is computed twice, with the same result.
 * The order of each unit's sum, over inputs, units or examples, does not depend on panels, threads or slices.
 *
 * Measured on [784,500,300,10], batch 128, one thread, in relation to products over panels of 128 units without blocks and without transposing: an
 * epoch takes 0.95 of the time on Node 20, 0.86 on Node 24, and 0.53 there with 256 bits. Unrolled by hand, the loop over the inputs
 * took 2.5 times as long on Node 20.
 */
import { Layer, Thread, WIDE, activationsOf, madd, panelStart, panelTargets, panelWeights, row } from "./layout";

/** The largest number of vectors in a tile. A 256-bit register holds two of them. */
const WIDEST: i32 = WIDE ? 8 : 4;

/** The number of vectors in the next tile, if the remaining `n` vectors are cut into tiles as equal as possible. */
function tile(n: i32): i32 {
  const tiles = (n + WIDEST - 1) / WIDEST;
  return (n + tiles - 1) / tiles;
}

/**
 * The number of rows of a matrix that are multiplied at a time. A tile of so many rows takes 16 KB (32 KB in the build for 256 bit), so that it
 * stays in the first-level cache while all examples pass.
 */
const BLOCK: i32 = 256;

/**
 * to0 = from0 + x M and to1 = from1 + y M, for two vectors x and y of `rows` numbers and a tile M of `rows` rows by `n` vectors. From one number
 * to the next are `xStep` bytes, from one row to the next `step` bytes. The stores of a result follow each other, so that V8 can join them.
 */
// @ts-ignore: decorator
@inline
function multiplyTile(n: i32, rows: i32, x0: usize, y0: usize, xStep: usize, w: usize, step: usize, from0: usize, from1: usize, to0: usize, to1: usize): void {
  let s0 = v128.load(from0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let t0 = v128.load(from1), t1 = t0, t2 = t0, t3 = t0, t4 = t0, t5 = t0, t6 = t0, t7 = t0;
  if (n > 1) s1 = v128.load(from0, 16);
  if (n > 2) s2 = v128.load(from0, 32);
  if (n > 3) s3 = v128.load(from0, 48);
  if (n > 4) s4 = v128.load(from0, 64);
  if (n > 5) s5 = v128.load(from0, 80);
  if (n > 6) s6 = v128.load(from0, 96);
  if (n > 7) s7 = v128.load(from0, 112);
  if (n > 1) t1 = v128.load(from1, 16);
  if (n > 2) t2 = v128.load(from1, 32);
  if (n > 3) t3 = v128.load(from1, 48);
  if (n > 4) t4 = v128.load(from1, 64);
  if (n > 5) t5 = v128.load(from1, 80);
  if (n > 6) t6 = v128.load(from1, 96);
  if (n > 7) t7 = v128.load(from1, 112);
  for (const end = w + <usize>rows * step; w < end; x0 += xStep, y0 += xStep, w += step) {
    const x = v128.load32_splat(x0), y = v128.load32_splat(y0);
    const w0 = v128.load(w);
    s0 = madd(s0, x, w0); t0 = madd(t0, y, w0);
    if (n > 1) { const w1 = v128.load(w, 16); s1 = madd(s1, x, w1); t1 = madd(t1, y, w1); }
    if (n > 2) { const w2 = v128.load(w, 32); s2 = madd(s2, x, w2); t2 = madd(t2, y, w2); }
    if (n > 3) { const w3 = v128.load(w, 48); s3 = madd(s3, x, w3); t3 = madd(t3, y, w3); }
    if (n > 4) { const w4 = v128.load(w, 64); s4 = madd(s4, x, w4); t4 = madd(t4, y, w4); }
    if (n > 5) { const w5 = v128.load(w, 80); s5 = madd(s5, x, w5); t5 = madd(t5, y, w5); }
    if (n > 6) { const w6 = v128.load(w, 96); s6 = madd(s6, x, w6); t6 = madd(t6, y, w6); }
    if (n > 7) { const w7 = v128.load(w, 112); s7 = madd(s7, x, w7); t7 = madd(t7, y, w7); }
  }
  v128.store(to0, s0);
  if (n > 1) v128.store(to0, s1, 16);
  if (n > 2) v128.store(to0, s2, 32);
  if (n > 3) v128.store(to0, s3, 48);
  if (n > 4) v128.store(to0, s4, 64);
  if (n > 5) v128.store(to0, s5, 80);
  if (n > 6) v128.store(to0, s6, 96);
  if (n > 7) v128.store(to0, s7, 112);
  v128.store(to1, t0);
  if (n > 1) v128.store(to1, t1, 16);
  if (n > 2) v128.store(to1, t2, 32);
  if (n > 3) v128.store(to1, t3, 48);
  if (n > 4) v128.store(to1, t4, 64);
  if (n > 5) v128.store(to1, t5, 80);
  if (n > 6) v128.store(to1, t6, 96);
  if (n > 7) v128.store(to1, t7, 112);
}

/** The product for a tile of at most WIDEST vectors. */
function multiply(n: i32, rows: i32, x0: usize, y0: usize, xStep: usize, w: usize, step: usize, from0: usize, from1: usize, to0: usize, to1: usize): void {
  if (WIDE) {
    switch (n) {
      case 5: return multiplyTile(5, rows, x0, y0, xStep, w, step, from0, from1, to0, to1);
      case 6: return multiplyTile(6, rows, x0, y0, xStep, w, step, from0, from1, to0, to1);
      case 7: return multiplyTile(7, rows, x0, y0, xStep, w, step, from0, from1, to0, to1);
      case 8: return multiplyTile(8, rows, x0, y0, xStep, w, step, from0, from1, to0, to1);
    }
  }
  switch (n) {
    case 1: return multiplyTile(1, rows, x0, y0, xStep, w, step, from0, from1, to0, to1);
    case 2: return multiplyTile(2, rows, x0, y0, xStep, w, step, from0, from1, to0, to1);
    case 3: return multiplyTile(3, rows, x0, y0, xStep, w, step, from0, from1, to0, to1);
    default: return multiplyTile(4, rows, x0, y0, xStep, w, step, from0, from1, to0, to1);
  }
}

/** z = a W + b for `m` examples and a panel of `n` vectors from vector `v`. a: (m, below.stride), z: (m, layer.stride). */
export function denseForward(layer: Layer, below: Layer, batch: i32, m: i32, v: i32, n: i32): void {
  const step = <usize>n * 16, a = activationsOf(below, batch);
  for (let k = 0, width = 0; k < n; k += width) {
    width = tile(n - k);
    const w = panelWeights(layer, v) + <usize>k * 16, biases = layer.biases + <usize>(v + k) * 16;
    const z = activationsOf(layer, batch) + <usize>(v + k) * 16;
    for (let i = 0; i < layer.inputs; i += BLOCK) {
      const rows = min(BLOCK, layer.inputs - i), x = a + (<usize>i << 2);
      for (let e = 0; e < m; e += 2) {
        const f = min(e + 1, m - 1), x0 = row(x, e, below.stride), z0 = row(z, e, layer.stride), z1 = row(z, f, layer.stride);
        multiply(width, rows, x0, row(x, f, below.stride), 4, row(w, i, step), step, i ? z0 : biases, i ? z1 : biases, z0, z1);
      }
    }
  }
}

/**
 * Writes a block of W^T to `out`: (units, 4 * width), row-major. Its columns are the neurons of the layer below in `width` vectors from vector `v` on,
 * its rows the units of `layer` in vectors `from` .. `to` - 1.
 */
function transpose(layer: Layer, v: i32, width: i32, from: i32, to: i32, out: usize): void {
  const step = <usize>width * 16;
  for (let p = 0, start = 0, next = 0; p < layer.panels; p++, start = next) {
    next = panelStart(layer, p + 1);
    const first = max(start, from), last = min(next, to);
    if (first >= last) continue;
    const bytes = <usize>(next - start) * 16;
    for (let k = 0; k < width; k++) {
      let w = panelWeights(layer, start) + row(<usize>(first - start) * 16, (v + k) << 2, bytes);
      let o = out + <usize>(first - from) * 4 * step + <usize>k * 16;
      for (let j = first; j < last; j++, w += 16, o += 4 * step) {
        const r0 = v128.load(w), r1 = v128.load(w + bytes), r2 = v128.load(w + 2 * bytes), r3 = v128.load(w + 3 * bytes);
        const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
        const c = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
        v128.store(o, v128.shuffle<f32>(a, c, 0, 1, 4, 5));
        v128.store(o + step, v128.shuffle<f32>(a, c, 2, 3, 6, 7));
        v128.store(o + 2 * step, v128.shuffle<f32>(b, d, 0, 1, 4, 5));
        v128.store(o + 3 * step, v128.shuffle<f32>(b, d, 2, 3, 6, 7));
      }
    }
  }
}

/**
 * BP2 without the derivative: stores the errors W^T delta of this thread's neurons in the layer `below`, for `m` examples, as that layer's deltas.
 * A block of W is transposed into scratch memory first, so that the same product as in the forward pass does the rest.
 */
export function denseError(t: Thread, layer: Layer, below: Layer, m: i32): void {
  const last = panelStart(below, below.toPanel);
  for (let v = panelStart(below, below.fromPanel), width = 0; v < last; v += width) {
    width = tile(last - v);
    const errors = below.deltas + <usize>v * 16;
    for (let j = 0; j < layer.units; j += BLOCK) {
      const units = min(BLOCK, layer.units - j), d = layer.deltas + (<usize>j << 2);
      transpose(layer, v, width, j >> 2, (j + units + 3) >> 2, t.transposed);
      for (let e = 0; e < m; e += 2) {
        const f = min(e + 1, m - 1), d0 = row(d, e, layer.stride), e0 = row(errors, e, below.stride), e1 = row(errors, f, below.stride);
        multiply(width, units, d0, row(d, f, layer.stride), 4, t.transposed, <usize>width * 16, j ? e0 : t.zeros, j ? e1 : t.zeros, e0, e1);
      }
    }
  }
}

/**
 * BP4 and BP3: adds a^T delta to this thread's rows of the targets, and the sum of delta to its biases, over `m` examples. The factor -eta/m
 * is already in delta. `one` is the address of the number 1, the input of the biases.
 */
export function denseUpdate(layer: Layer, below: Layer, batch: i32, m: i32, one: usize): void {
  const a = activationsOf(below, batch);
  for (let p = 0, start = 0, next = 0; p < layer.panels; p++, start = next) {
    next = panelStart(layer, p + 1);
    const step = <usize>(next - start) * 16;
    const ownsBiases = p >= layer.fromPanel && p < layer.toPanel;
    for (let v = start, width = 0; v < next; v += width) {
      width = tile(next - v);
      const w = panelTargets(layer, start) + <usize>(v - start) * 16, d = layer.deltas + <usize>v * 16;
      for (let i = layer.fromRow; i < layer.toRow; i += 2) {
        const j = min(i + 1, layer.toRow - 1);
        const x = a + (<usize>i << 2), y = a + (<usize>j << 2), w0 = row(w, i, step), w1 = row(w, j, step);
        multiply(width, m, x, y, below.stride, d, layer.stride, w0, w1, w0, w1);
      }
      const b = layer.biasTargets + <usize>v * 16;
      if (ownsBiases) multiply(width, m, one, one, 0, d, layer.stride, b, b, b, b);
    }
  }
}
