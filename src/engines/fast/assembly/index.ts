/**
 * The fast engine's kernel: stochastic gradient descent on a slice of whole mini-batches per call.
 *
 * All threads call the same function with the same arguments, each with its own `Thread` record. A thread owns some units of every layer (of
 * a small output layer it owns all, on its own copy). It computes their activations and deltas, and updates the weights that lead into
 * them (first layer) or out of them (the other layers), so that between two meetings no thread writes what another reads. No result
 * depends on which thread owns a unit: one thread computes each sum, always in the same order.
 */
import { Distortion, Images, Layer, Rule, Thread, activationsOf, layerAt, panelStart, panelTargets, panelWeights, row } from "./layout";
import { exampleAt, exampleStart, sparseForward, sparseUpdate, touch } from "./sparse";
import { SLABS, listByExample, listByPixel, listForward, listUpdate } from "./lists";
import { denseError, denseForward, denseUpdate } from "./dense";
import { activate, outputDelta, timesDerivative } from "./activation";
import { exp } from "./exp";
import { drop, maskRow } from "./dropout";
import { accelerate, decay, shorten } from "./regularisation";
import { distort } from "./warp";
import { meet, mustStop, report, sleeps } from "./barrier";

/**
 * Computes the activations of the hidden layers and z of the output layer, for examples `from` .. `from + m - 1` of the order.
 *
 * Dropout's masks depend on `seed` and on an example's position in its epoch; `position` is that of the first example of the order. If it is
 * below 0, there is no dropout.
 */
function feedForward(t: Thread, images: Images, batch: i32, from: i32, m: i32, seed: u32, position: i32): void {
  touch(images, from, from + m);
  for (let l = 0; l < t.layerCount; l++) {
    const layer = layerAt(t, l), z = activationsOf(layer, batch);
    if (l) {
      for (let p = layer.fromPanel; p < layer.toPanel; p++) {
        const v = panelStart(layer, p);
        denseForward(layer, layerAt(t, l - 1), batch, m, v, panelStart(layer, p + 1) - v);
      }
    } else if (t.listedExamples) {
      for (let e = 0; e < m; e += t.listedExamples) forwardByLists(t, layer, images, from + e, min(t.listedExamples, m - e), row(z, e, layer.stride));
    } else {
      forwardByRows(t, layer, images, from, m, z);
    }
    if (l < t.layerCount - 1) {
      const v = panelStart(layer, layer.fromPanel), n = panelStart(layer, layer.toPanel) - v;
      activate(t.rule.activation, z + <usize>v * 16, layer.stride, n, m);
      if (position >= 0) dropAll(t.rule, z + <usize>v * 16, layer.stride, v, n, m, l + 1, seed, position + from);
    }
    if (layer.meetAfterForward) meet(t);
  }
}

/** z of the first layer for `m` examples from `from` of the order, row by row. */
function forwardByRows(t: Thread, layer: Layer, images: Images, from: i32, m: i32, z: usize): void {
  for (let p = layer.fromPanel; p < layer.toPanel; p++) {
    const v = panelStart(layer, p), n = panelStart(layer, p + 1) - v, at = <usize>v * 16, w = panelWeights(layer, v);
    for (let e = 0; e < m; e++) {
      const s = exampleStart(images, from + e);
      sparseForward(n, images.pairs + load<u32>(s), images.pairs + load<u32>(s, 4), t.values, w, layer.biases + at, row(z + at, e, layer.stride));
    }
  }
}

/** The same from lists, for at most `listedExamples` examples. */
function forwardByLists(t: Thread, layer: Layer, images: Images, from: i32, m: i32, z: usize): void {
  listByExample(t, images, from, m, layer.inputs);
  for (let p = layer.fromPanel; p < layer.toPanel; p++) {
    const v = panelStart(layer, p), n = panelStart(layer, p + 1) - v, at = <usize>v * 16, w = panelWeights(layer, v);
    for (let slab = 0; slab < SLABS; slab++) {
      for (let e = 0; e < m; e++) {
        const s = row(t.starts, e * SLABS + slab, 4), out = row(z + at, e, layer.stride);
        listForward(n, load<u32>(s), load<u32>(s, 4), w, slab ? out : layer.biases + at, out);
      }
    }
  }
}

/** Dropout for `n` vectors of hidden layer `l` from vector `v` on, for `m` examples from `position` of the epoch on. */
function dropAll(rule: Rule, x: usize, stride: usize, v: i32, n: i32, m: i32, l: i32, seed: u32, position: i32): void {
  if (rule.dropThreshold == 0) return;
  for (let e = 0; e < m; e++) drop(rule, row(x, e, stride), maskRow(seed, position + e, l), v, n);
}

/** BP1 and BP2, from the output layer down. The output's deltas are multiplied by `scale`, -eta/m, and so every other delta is too. */
function backpropagate(t: Thread, images: Images, batch: i32, from: i32, m: i32, scale: f32, seed: u32, position: i32): void {
  let layer = layerAt(t, t.layerCount - 1);
  const a = activationsOf(layer, batch);
  const u = panelStart(layer, layer.fromPanel) << 2, to = panelStart(layer, layer.toPanel) << 2;
  for (let e = 0; e < m; e++) {
    const label = <i32>load<u8>(images.labels + exampleAt(images, from + e));
    outputDelta(t.rule, row(a, e, layer.stride), row(layer.deltas, e, layer.stride), u, to, layer.units, label, scale);
  }
  if (layer.meetAfterDelta) meet(t);
  for (let l = t.layerCount - 2; l >= 0; l--) {
    const below = layerAt(t, l);
    denseError(t, layer, below, m);
    const v = panelStart(below, below.fromPanel), n = panelStart(below, below.toPanel) - v, at = <usize>v * 16;
    timesDerivative(t.rule, below.deltas + at, activationsOf(below, batch) + at, below.stride, n, m);
    dropAll(t.rule, below.deltas + at, below.stride, v, n, m, l + 1, seed, position + from);
    if (below.meetAfterDelta) meet(t);
    layer = below;
  }
}

/** BP3 and BP4: adds -eta/m times the sum of its gradients to each weight and bias, with regularisation and momentum. */
function update(t: Thread, images: Images, batch: i32, from: i32, m: i32, eta: f32): void {
  updateFirst(t, layerAt(t, 0), images, from, m, eta);
  for (let l = 1; l < t.layerCount; l++) {
    const layer = layerAt(t, l);
    for (let p = 0; p < layer.panels; p++) beforeUpdate(t.rule, layer, p, layer.fromRow, layer.toRow, eta);
    denseUpdate(layer, layerAt(t, l - 1), batch, m, t.values + 255 * 4);
    for (let p = 0; p < layer.panels; p++) afterUpdate(t.rule, layer, p, layer.fromRow, layer.toRow, eta);
  }
  if (t.rule.maxNorm > 0) shortenAll(t);
}

/** The first layer, one panel after the other, from lists or row by row. */
function updateFirst(t: Thread, layer: Layer, images: Images, from: i32, m: i32, eta: f32): void {
  const step = t.listedExamples ? t.listedExamples : m;
  for (let start = 0; start < m; start += step) {
    const size = min(step, m - start);
    if (t.listedExamples) listByPixel(t, images, from + start, size, layer.inputs, layer.stride);
    for (let p = layer.fromPanel; p < layer.toPanel; p++) {
      const v = panelStart(layer, p), n = panelStart(layer, p + 1) - v, w = panelTargets(layer, v);
      const deltas = row(layer.deltas + <usize>v * 16, start, layer.stride);
      if (start == 0) beforeUpdate(t.rule, layer, p, 0, layer.inputs, eta);
      if (t.listedExamples) {
        listUpdate(t, n, layer.inputs, w, deltas);
      } else {
        for (let e = 0; e < size; e++) {
          const s = exampleStart(images, from + e);
          sparseUpdate(n, images.pairs + load<u32>(s), images.pairs + load<u32>(s, 4), t.values, w, row(deltas, e, layer.stride));
        }
      }
      addAll(layer.biasTargets + <usize>v * 16, deltas, layer.stride, n, size);
      if (start + size == m) afterUpdate(t.rule, layer, p, 0, layer.inputs, eta);
    }
  }
}

/** BP3: biases += sum of the deltas of `m` examples, for `n` vectors. */
function addAll(biases: usize, deltas: usize, stride: usize, n: i32, m: i32): void {
  for (; m > 0; m--, deltas += stride) {
    for (let i: usize = 0, end = <usize>n * 16; i < end; i += 16) v128.store(biases + i, f32x4.add(v128.load(biases + i), v128.load(deltas + i)));
  }
}

/** Weight decay of rows `from` .. `to - 1` of panel `p`. With momentum, `accelerate` does it. */
function beforeUpdate(rule: Rule, layer: Layer, p: i32, from: i32, to: i32, eta: f32): void {
  if (rule.momentum > 0 || (rule.l2 == 0 && rule.l1 == 0)) return;
  const v = panelStart(layer, p), step = <usize>(panelStart(layer, p + 1) - v) * 16, w = panelWeights(layer, v);
  decay(row(w, from, step), row(w, to, step), eta * rule.l2, eta * rule.l1);
}

/** Momentum for rows `from` .. `to - 1` of panel `p` and, if this thread owns the panel, for its biases. */
function afterUpdate(rule: Rule, layer: Layer, p: i32, from: i32, to: i32, eta: f32): void {
  if (rule.momentum == 0) return;
  const v = panelStart(layer, p), n = panelStart(layer, p + 1) - v, step = <usize>n * 16, w = panelWeights(layer, v);
  accelerate(row(w, from, step), row(w, to, step), layer.weightTargets - layer.weights, eta * rule.l2, eta * rule.l1, rule.momentum);
  if (p < layer.fromPanel || p >= layer.toPanel) return;
  const b = layer.biases + <usize>v * 16;
  accelerate(b, b + step, layer.biasTargets - layer.biases, 0, 0, rule.momentum);
}

/** Max-norm for the neurons of this thread's panels. The threads meet first, because others have updated weights into these neurons. */
function shortenAll(t: Thread): void {
  meet(t);
  for (let l = 0; l < t.layerCount; l++) {
    const layer = layerAt(t, l);
    for (let p = layer.fromPanel; p < layer.toPanel; p++) {
      const v = panelStart(layer, p);
      shorten(panelWeights(layer, v), layer.inputs, panelStart(layer, p + 1) - v, t.rule.maxNorm);
    }
  }
}

/**
 * Trains on mini-batches `first` .. `last - 1`. The first `examples` examples of the order are cut into mini-batches of `size`; `etas` is
 * f32[mini-batches], the learning rate of each. `seed` and `position` are those of `feedForward`. If `distortion` is not null, the examples are
 * distorted first, and `distorted` takes them.
 *
 * Ends with a meeting, so that all threads have finished when one returns. A team that has to wait too often ends earlier; `report` says where.
 */
export function train(
  t: Thread, images: Images, first: i32, last: i32, size: i32, examples: i32, etas: usize, seed: u32, position: i32,
  distorted: Images, distortion: Distortion | null,
): void {
  if (distortion) {
    distort(t, images, distorted, distortion, first * size, min(last * size, examples));
    meet(t);
    images = distorted;
  }
  const sleepsBefore = sleeps(t);
  let batch = first;
  for (; batch < last && !mustStop(t, batch, sleepsBefore); batch++) {
    const from = batch * size, m = min(size, examples - from), eta = load<f32>(etas + (<usize>batch << 2));
    feedForward(t, images, batch, from, m, seed, position);
    backpropagate(t, images, batch, from, m, -eta / <f32>m, seed, position);
    update(t, images, batch, from, m, eta);
  }
  meet(t);
  if (t.index == 0) report(t, batch);
}

/**
 * Writes z of the output layer for examples `from` .. `to - 1` of the order to `outputs`, f32 (to - from, units). Computes at most
 * `scratchExamples` examples at a time, the number that the activations have room for.
 */
export function evaluate(t: Thread, images: Images, from: i32, to: i32, scratchExamples: i32, outputs: usize): void {
  const layer = layerAt(t, t.layerCount - 1), bytes = <usize>layer.units << 2;
  for (; from < to; from += scratchExamples) {
    const m = min(scratchExamples, to - from);
    feedForward(t, images, 0, from, m, 0, -1);
    meet(t);
    for (let e = 0; t.index == 0 && e < m; e++, outputs += bytes) memory.copy(outputs, row(activationsOf(layer, 0), e, layer.stride), bytes);
    meet(t);
  }
}

/** Whether all f32 from address `from` up to `to`, a multiple of 16 bytes, are finite. x - x is 0 if x is, and NaN otherwise. */
export function finite(from: usize, to: usize): bool {
  let sum = f32x4.splat(0);
  for (; from < to; from += 16) {
    const x = v128.load(from);
    sum = f32x4.add(sum, f32x4.sub(x, x));
  }
  return !v128.any_true(f32x4.ne(sum, sum));
}

/** For tests. */
export { distort };

/** For tests: e^x as the sigmoid uses it. */
export function expOf(x: f32): f32 {
  return f32x4.extract_lane(exp(f32x4.splat(x)), 0);
}
