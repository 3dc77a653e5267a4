/** Dropout: which hidden neurons an example leaves out, as in src/network/dropout.ts, for four neurons at a time. */
import { Rule } from "./layout";

/** What the random bits of a layer's neurons are computed from. `example` is the example's position in the epoch, `seed` the epoch's. */
export function maskRow(seed: u32, example: u32, layer: u32): u32 {
  return mix(mix(seed + example * 0x9e3779b9) + layer * 0x85ebca6b);
}

/** For each neuron of vector `v`: 0 if it is left out, `dropFactor` if it is kept. */
// @ts-ignore: decorator
@inline
function factors(rule: Rule, maskRow: u32, v: i32): v128 {
  const unit = i32x4.add(i32x4.splat(v << 2), i32x4(0, 1, 2, 3));
  let x = i32x4.add(i32x4.splat(maskRow), i32x4.mul(unit, i32x4.splat(0x9e3779b9)));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x7feb352d));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b));
  x = v128.xor(x, i32x4.shr_u(x, 16));
  return v128.andnot(f32x4.splat(rule.dropFactor), i32x4.lt_u(x, i32x4.splat(rule.dropThreshold)));
}

// @ts-ignore: decorator
@inline
function mix(x: u32): u32 {
  x = (x ^ (x >> 16)) * 0x7feb352d;
  x = (x ^ (x >> 15)) * 0x846ca68b;
  return x ^ (x >> 16);
}

/** Multiplies the numbers at `x`, which belong to `n` vectors of an example's neurons from vector `v` on, by the neurons' factors. */
export function drop(rule: Rule, x: usize, maskRow: u32, v: i32, n: i32): void {
  for (const end = v + n; v < end; v++, x += 16) v128.store(x, f32x4.mul(v128.load(x), factors(rule, maskRow, v)));
}
