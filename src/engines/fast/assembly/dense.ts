/**
 * All layers but the first, whose inputs are activations: three matrix products with register blocking.
 *
 * Each product works on tiles of 2 x up to 4 vectors (2 examples or rows, 16 units), so that its 8 sums stay in registers. 2 x 4 was the
 * fastest of the sizes that were tried. If a pair has no second element, the first is computed twice, with the same result. The order of
 * each unit's sum (over inputs, over units lane by lane, or over examples) does not depend on panels, threads or slices.
 */
import { Layer, activationsOf, madd, panelStart, panelTargets, panelWeights, row } from "./layout";

/** The number of vectors in the next tile, at most 4, if the remaining `n` vectors are cut into tiles as equal as possible. */
function tile(n: i32): i32 {
  const tiles = (n + 3) >> 2;
  return (n + tiles - 1) / tiles;
}

/** z[e] = biases + a[e] W for two examples and one tile. `step` is the number of bytes from one row of weights to the next. */
// @ts-ignore: decorator
@inline
function forwardTile(n: i32, a0: usize, a1: usize, inputs: i32, w: usize, step: usize, biases: usize, out0: usize, out1: usize): void {
  let s0 = v128.load(biases), s1 = s0, s2 = s0, s3 = s0;
  if (n > 1) s1 = v128.load(biases, 16);
  if (n > 2) s2 = v128.load(biases, 32);
  if (n > 3) s3 = v128.load(biases, 48);
  let t0 = s0, t1 = s1, t2 = s2, t3 = s3;
  for (const end = a0 + (<usize>inputs << 2); a0 < end; a0 += 4, a1 += 4, w += step) {
    const x = v128.load32_splat(a0), y = v128.load32_splat(a1);
    const w0 = v128.load(w);
    s0 = madd(s0, x, w0); t0 = madd(t0, y, w0);
    if (n > 1) { const w1 = v128.load(w, 16); s1 = madd(s1, x, w1); t1 = madd(t1, y, w1); }
    if (n > 2) { const w2 = v128.load(w, 32); s2 = madd(s2, x, w2); t2 = madd(t2, y, w2); }
    if (n > 3) { const w3 = v128.load(w, 48); s3 = madd(s3, x, w3); t3 = madd(t3, y, w3); }
  }
  v128.store(out0, s0); v128.store(out1, t0);
  if (n > 1) { v128.store(out0, s1, 16); v128.store(out1, t1, 16); }
  if (n > 2) { v128.store(out0, s2, 32); v128.store(out1, t2, 32); }
  if (n > 3) { v128.store(out0, s3, 48); v128.store(out1, t3, 48); }
}

function forwardPair(n: i32, a0: usize, a1: usize, inputs: i32, w: usize, step: usize, biases: usize, out0: usize, out1: usize): void {
  switch (n) {
    case 1: return forwardTile(1, a0, a1, inputs, w, step, biases, out0, out1);
    case 2: return forwardTile(2, a0, a1, inputs, w, step, biases, out0, out1);
    case 3: return forwardTile(3, a0, a1, inputs, w, step, biases, out0, out1);
    default: return forwardTile(4, a0, a1, inputs, w, step, biases, out0, out1);
  }
}

/** z = a W + b for `m` examples and a panel of `n` vectors from vector `v`. a: (m, below.stride), z: (m, layer.stride). */
export function denseForward(layer: Layer, below: Layer, batch: i32, m: i32, v: i32, n: i32): void {
  const step = <usize>n * 16;
  const a = activationsOf(below, batch), z = activationsOf(layer, batch) + <usize>v * 16;
  for (let k = 0, width = 0; k < n; k += width) {
    width = tile(n - k);
    const w = panelWeights(layer, v) + <usize>k * 16, biases = layer.biases + <usize>(v + k) * 16;
    for (let e = 0; e < m; e += 2) {
      const f = min(e + 1, m - 1);
      const out = z + <usize>k * 16;
      forwardPair(width, row(a, e, below.stride), row(a, f, below.stride), layer.inputs, w, step, biases,
        row(out, e, layer.stride), row(out, f, layer.stride));
    }
  }
}

/** The sums of the lanes of a, b, c and d: (lane 0 + lane 2) + (lane 1 + lane 3) of each. */
// @ts-ignore: decorator
@inline
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * The error W delta for two examples and the four neurons of vector `v` in the layer below `layer`.
 * e and f are the byte offsets of the examples in `layer`; the errors are stored at d0 and d1.
 */
function errorPair(layer: Layer, v: i32, e: usize, f: usize, d0: usize, d1: usize): void {
  let p0 = f32x4.splat(0), p1 = p0, p2 = p0, p3 = p0, q0 = p0, q1 = p0, q2 = p0, q3 = p0;
  for (let p = 0, start = 0, next = 0; p < layer.panels; p++, start = next) {
    next = panelStart(layer, p + 1);
    const step = <usize>(next - start) * 16;
    let w = panelWeights(layer, start) + <usize>v * 4 * step;
    let d = layer.deltas + <usize>start * 16;
    for (const end = w + step; w < end; w += 16, d += 16) {
      const x = v128.load(d + e), y = v128.load(d + f);
      const w0 = v128.load(w), w1 = v128.load(w + step), w2 = v128.load(w + 2 * step), w3 = v128.load(w + 3 * step);
      p0 = madd(p0, x, w0); q0 = madd(q0, y, w0);
      p1 = madd(p1, x, w1); q1 = madd(q1, y, w1);
      p2 = madd(p2, x, w2); q2 = madd(q2, y, w2);
      p3 = madd(p3, x, w3); q3 = madd(q3, y, w3);
    }
  }
  v128.store(d0, sums(p0, p1, p2, p3));
  v128.store(d1, sums(q0, q1, q2, q3));
}

/** BP2 without the derivative: stores the errors of this thread's neurons in the layer `below`, for `m` examples, as that layer's deltas. */
export function denseError(layer: Layer, below: Layer, m: i32): void {
  for (let v = panelStart(below, below.fromPanel), to = panelStart(below, below.toPanel); v < to; v++) {
    for (let e = 0; e < m; e += 2) {
      const f = min(e + 1, m - 1);
      const first = row(<usize>v * 16, e, below.stride), second = row(<usize>v * 16, f, below.stride);
      errorPair(layer, v, row(0, e, layer.stride), row(0, f, layer.stride), below.deltas + first, below.deltas + second);
    }
  }
}

/** W[i] += sum over m examples of x[i] * delta, for two rows i and one tile. x and y advance by `xStep` bytes per example, d by `stride`. */
// @ts-ignore: decorator
@inline
function updateTile(n: i32, w: usize, u: usize, x: usize, y: usize, xStep: usize, d: usize, stride: usize, m: i32): void {
  let s0 = v128.load(w), s1 = s0, s2 = s0, s3 = s0, t0 = v128.load(u), t1 = t0, t2 = t0, t3 = t0;
  if (n > 1) { s1 = v128.load(w, 16); t1 = v128.load(u, 16); }
  if (n > 2) { s2 = v128.load(w, 32); t2 = v128.load(u, 32); }
  if (n > 3) { s3 = v128.load(w, 48); t3 = v128.load(u, 48); }
  for (; m > 0; m--, x += xStep, y += xStep, d += stride) {
    const x0 = v128.load32_splat(x), y0 = v128.load32_splat(y);
    const d0 = v128.load(d);
    s0 = madd(s0, x0, d0); t0 = madd(t0, y0, d0);
    if (n > 1) { const d1 = v128.load(d, 16); s1 = madd(s1, x0, d1); t1 = madd(t1, y0, d1); }
    if (n > 2) { const d2 = v128.load(d, 32); s2 = madd(s2, x0, d2); t2 = madd(t2, y0, d2); }
    if (n > 3) { const d3 = v128.load(d, 48); s3 = madd(s3, x0, d3); t3 = madd(t3, y0, d3); }
  }
  v128.store(w, s0); v128.store(u, t0);
  if (n > 1) { v128.store(w, s1, 16); v128.store(u, t1, 16); }
  if (n > 2) { v128.store(w, s2, 32); v128.store(u, t2, 32); }
  if (n > 3) { v128.store(w, s3, 48); v128.store(u, t3, 48); }
}

function updatePair(n: i32, w: usize, u: usize, x: usize, y: usize, xStep: usize, d: usize, stride: usize, m: i32): void {
  switch (n) {
    case 1: return updateTile(1, w, u, x, y, xStep, d, stride, m);
    case 2: return updateTile(2, w, u, x, y, xStep, d, stride, m);
    case 3: return updateTile(3, w, u, x, y, xStep, d, stride, m);
    default: return updateTile(4, w, u, x, y, xStep, d, stride, m);
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
        updatePair(width, row(w, i, step), row(w, j, step), a + (<usize>i << 2), a + (<usize>j << 2), below.stride, d, layer.stride, m);
      }
      const b = layer.biasTargets + <usize>v * 16;
      if (ownsBiases) updatePair(width, b, b, one, one, 0, d, layer.stride, m);
    }
  }
}
