/**
 * The fast engine's kernel: stochastic gradient descent on whole mini-batches, a slice of them a call.
 *
 * Each thread calls the same functions with the same numbers and its own `Thread` record. It owns some units of every layer (of a small output layer, all of them on a copy of its own): it works out
 * their activations and deltas, and updates the weights that lead into (first layer) or out of them (the others), so that
 * between two meetings nobody writes what another reads. Nothing here depends on who owns what: the sums of a unit are made by one
 * thread in one order.
 */
import { Images, Thread, activationsOf, layerAt, panelStart, panelWeights, row } from "./layout";
import { exampleAt, rowStart, sparseForward, sparseUpdate, touch } from "./sparse";
import { denseDelta, denseForward, denseUpdate } from "./dense";
import { activate, exp, outputDelta } from "./activation";
import { meet } from "./barrier";

/** Feeds examples from .. from + m of the order forward. */
function feedForward(t: Thread, images: Images, batch: i32, from: i32, m: i32): void {
  touch(images, from, from + m);
  for (let l = 0; l < t.layers; l++) {
    const layer = layerAt(t, l);
    const a = activationsOf(layer, batch);
    for (let p = layer.fromPanel; p < layer.toPanel; p++) {
      const v = panelStart(layer, p), n = panelStart(layer, p + 1) - v;
      const z = a + <usize>v * 16;
      if (l) {
        denseForward(layer, layerAt(t, l - 1), batch, m, v, n);
      } else {
        const w = panelWeights(layer, v), biases = layer.biases + <usize>v * 16;
        for (let e = 0; e < m; e++) {
          const s = rowStart(images, from + e);
          sparseForward(n, images.pairs + load<u32>(s), images.pairs + load<u32>(s, 4), t.values, w, biases, row(z, e, layer.stride));
        }
      }
      activate(z, layer.stride, n, m);
    }
    if (layer.meetForward) meet(t);
  }
}

/** BP1 and BP2, from the top down. `scale`, -eta/m, goes in at the output and so into every delta. */
function backpropagate(t: Thread, images: Images, batch: i32, from: i32, m: i32, scale: f32): void {
  let layer = layerAt(t, t.layers - 1);
  const a = activationsOf(layer, batch);
  const u = panelStart(layer, layer.fromPanel) << 2, to = panelStart(layer, layer.toPanel) << 2;
  for (let e = 0; e < m; e++) {
    const label = <i32>load<u8>(images.labels + exampleAt(images, from + e));
    outputDelta(row(a, e, layer.stride), row(layer.deltas, e, layer.stride), u, to, layer.units, label, scale);
  }
  if (layer.meetDelta) meet(t);
  for (let l = t.layers - 2; l >= 0; l--) {
    const below = layerAt(t, l);
    denseDelta(layer, below, batch, m);
    if (below.meetDelta) meet(t);
    layer = below;
  }
}

/** BP3 and BP4: each weight and bias += its -eta/m * sum of gradients. */
function update(t: Thread, images: Images, batch: i32, from: i32, m: i32): void {
  const first = layerAt(t, 0);
  for (let p = first.fromPanel; p < first.toPanel; p++) {
    const v = panelStart(first, p), n = panelStart(first, p + 1) - v;
    const w = panelWeights(first, v), biases = first.biases + <usize>v * 16, d = first.deltas + <usize>v * 16;
    for (let e = 0; e < m; e++) {
      const s = rowStart(images, from + e);
      sparseUpdate(n, images.pairs + load<u32>(s), images.pairs + load<u32>(s, 4), t.values, w, biases, row(d, e, first.stride));
    }
  }
  for (let l = 1; l < t.layers; l++) denseUpdate(layerAt(t, l), layerAt(t, l - 1), batch, m, t.values + 255 * 4);
}

/**
 * Trains on mini-batches first .. last - 1 of those of `size` that the first `examples` of the order fall into. Ends in a meeting, so that
 * when it returns in one thread all have done their share.
 */
export function train(t: Thread, images: Images, first: i32, last: i32, size: i32, examples: i32, eta: f32): void {
  for (let batch = first; batch < last; batch++) {
    const from = batch * size, m = min(size, examples - from);
    feedForward(t, images, batch, from, m);
    backpropagate(t, images, batch, from, m, -eta / <f32>m);
    update(t, images, batch, from, m);
  }
  meet(t);
}

/**
 * Counts how examples from .. to - 1 of the order are classified: by the output neuron with the highest activation, the first of
 * equals. Goes by `rows` examples at a time. Adds to u32[1 + units] at `counts`: first the examples that are right, then those of each answer.
 */
export function evaluate(t: Thread, images: Images, from: i32, to: i32, rows: i32, counts: usize): void {
  const layer = layerAt(t, t.layers - 1);
  for (; from < to; from += rows) {
    const m = min(rows, to - from);
    feedForward(t, images, 0, from, m);
    meet(t);
    if (t.me == 0) {
      for (let e = 0; e < m; e++) {
        const answer = argmax(row(activationsOf(layer, 0), e, layer.stride), layer.units);
        increment(counts + 4 + (<usize>answer << 2));
        if (answer == <i32>load<u8>(images.labels + exampleAt(images, from + e))) increment(counts);
      }
    }
    meet(t);
  }
}

function argmax(a: usize, units: i32): i32 {
  let best = 0;
  for (let i = 1; i < units; i++) if (load<f32>(a + (<usize>i << 2)) > load<f32>(a + (<usize>best << 2))) best = i;
  return best;
}

function increment(count: usize): void {
  store<u32>(count, load<u32>(count) + 1);
}

/** Whether none of the f32 at from .. to (bytes, a multiple of 16 apart) is NaN or infinite: x - x is 0 for all others. */
export function finite(from: usize, to: usize): bool {
  let sum = f32x4.splat(0);
  for (; from < to; from += 16) {
    const x = v128.load(from);
    sum = f32x4.add(sum, f32x4.sub(x, x));
  }
  return !v128.any_true(f32x4.ne(sum, sum));
}

/** For tests: e^x as the sigmoid uses it. */
export function expOf(x: f32): f32 {
  return f32x4.extract_lane(exp(f32x4.splat(x)), 0);
}
