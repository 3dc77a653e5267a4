/** What regularisation and momentum do to the weights in every mini-batch: passes over a panel's weights while they are in the cache. */
import { flush } from "./activation";

/** l2 * w + l1 * sgn(w), where sgn(0) = 0 (Nielsen, chapter 3, equations 91 and 96). */
// @ts-ignore: decorator
@inline
function penalty(w: v128, l2: f32, l1: f32): v128 {
  const sign = v128.or(v128.and(w, f32x4.splat(-0)), f32x4.splat(l1));
  return f32x4.add(f32x4.mul(w, f32x4.splat(l2)), v128.and(sign, f32x4.ne(w, f32x4.splat(0))));
}

/**
 * w -= l2 * w + l1 * sgn(w), for the weights from address `from` up to `to`. Without l1, four vectors are done at a time. Measured on
 * [784,30,10], batch 10: an epoch takes 1.2 times as long as without decay, instead of 1.6 times.
 */
export function decay(from: usize, to: usize, l2: f32, l1: f32): void {
  for (const end = l1 == 0 ? to - (to - from) % 64 : from; from < end; from += 64) {
    const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48), x = f32x4.splat(l2);
    v128.store(from, f32x4.sub(a, f32x4.mul(a, x)));
    v128.store(from, f32x4.sub(b, f32x4.mul(b, x)), 16);
    v128.store(from, f32x4.sub(c, f32x4.mul(c, x)), 32);
    v128.store(from, f32x4.sub(d, f32x4.mul(d, x)), 48);
  }
  for (; from < to; from += 16) {
    const w = v128.load(from);
    v128.store(from, f32x4.sub(w, penalty(w, l2, l1)));
  }
}

/**
 * Momentum (Nielsen, chapter 3, equations 107 and 108): w += v, for the weights from address `from` up to `to`. The velocity v of the weight
 * at p is at p + `velocity`. It already contains this mini-batch's gradient, but not the penalty, which is subtracted here. Afterwards
 * the velocity is mu * v, to which the next mini-batch adds its gradient.
 */
export function accelerate(from: usize, to: usize, velocity: usize, l2: f32, l1: f32, mu: f32): void {
  const m = f32x4.splat(mu), x = f32x4.splat(l2);
  for (const end = l1 == 0 ? to - (to - from) % 32 : from; from < end; from += 32) {
    const p = from + velocity, w = v128.load(from), u = v128.load(from, 16);
    const v = f32x4.sub(v128.load(p), f32x4.mul(w, x)), y = f32x4.sub(v128.load(p, 16), f32x4.mul(u, x));
    v128.store(from, f32x4.add(w, v));
    v128.store(from, f32x4.add(u, y), 16);
    v128.store(p, flush(f32x4.mul(v, m)));
    v128.store(p, flush(f32x4.mul(y, m)), 16);
  }
  for (; from < to; from += 16) {
    const w = v128.load(from), v = f32x4.sub(v128.load(from + velocity), penalty(w, l2, l1));
    v128.store(from, f32x4.add(w, v));
    v128.store(from + velocity, flush(f32x4.mul(v, m)));
  }
}

/** Max-norm: scales the incoming weights of each neuron of a panel, (rows, n vectors) at `w`, down to length `maxNorm` if they are longer. */
export function shorten(w: usize, rows: i32, n: i32, maxNorm: f32): void {
  const step = <usize>n * 16, bytes = <usize>rows * step, one = f32x4.splat(1);
  for (let column = w, last = w + step; column < last; column += 16) {
    let sum = f32x4.splat(0);
    for (let p = column, end = column + bytes; p < end; p += step) sum = f32x4.add(sum, f32x4.mul(v128.load(p), v128.load(p)));
    if (!v128.any_true(f32x4.gt(sum, f32x4.splat(maxNorm * maxNorm)))) continue;
    const factor = f32x4.pmin(one, f32x4.div(f32x4.splat(maxNorm), f32x4.sqrt(sum)));
    for (let p = column, end = column + bytes; p < end; p += step) v128.store(p, f32x4.mul(v128.load(p), factor));
  }
}
