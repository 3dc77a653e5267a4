/** The activations, outputs and costs of src/network, for four neurons at a time. */
import { Constant, constant, exp } from "./exp";
import { Rule } from "./layout";

// The names that the kernel knows, in the order of KERNEL_NAMES in ../records.ts.
const enum Activation { Sigmoid, Tanh, Relu }
const enum Output { Sigmoid, Softmax }
const enum Cost { Quadratic, CrossEntropy, LogLikelihood }

/**
 * 2^-63. Smaller deltas become 0, and a saturated sigmoid stays above this, so that no product of two of them is subnormal. Saturated
 * neurons would produce many subnormal numbers, and a processor needs about 150 cycles for each. Measured on [784,800,10]: an epoch took
 * 5.3 s instead of 1.2 s.
 */
const TINY: f32 = 1.0842022e-19;

/** The activation a of hidden neurons with the weighted inputs z. */
// @ts-ignore: decorator
@inline
function value(activation: i32, z: v128): v128 {
  switch (activation) {
    case Activation.Sigmoid: return sigmoid(z);
    case Activation.Tanh: return tanh(z);
    case Activation.Relu: return relu(z);
    default: return unreachable();
  }
}

/** The derivative da/dz, computed from a. */
// @ts-ignore: decorator
@inline
function derivative(activation: i32, a: v128): v128 {
  const one = f32x4.splat(1);
  switch (activation) {
    case Activation.Sigmoid: return sigmoidPrime(a);
    case Activation.Tanh: return f32x4.sub(one, f32x4.mul(a, a));
    case Activation.Relu: return v128.and(f32x4.gt(a, f32x4.splat(0)), one);
    default: return unreachable();
  }
}

/** sigma(z) = 1 / (1 + e^-z). For z below -43 it is sigma(-43) = 2e-19. */
// @ts-ignore: decorator
@inline
function sigmoid(z: v128): v128 {
  const one = constant(Constant.One);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(f32x4.pmax(z, constant(Constant.SaturatedZ))))));
}

/** sigma'(z) = a (1 - a). */
// @ts-ignore: decorator
@inline
function sigmoidPrime(a: v128): v128 {
  return f32x4.mul(a, f32x4.sub(f32x4.splat(1), a));
}

/** tanh(z) = (1 - t) / (1 + t) with the sign of z, where t = e^(-2|z|). Within 2e-7. */
// @ts-ignore: decorator
@inline
function tanh(z: v128): v128 {
  const one = f32x4.splat(1), sign = v128.and(z, f32x4.splat(-0));
  const t = exp(f32x4.mul(f32x4.abs(z), f32x4.splat(-2)));
  return v128.or(f32x4.div(f32x4.sub(one, t), f32x4.add(one, t)), sign);
}

/** max(0, z). NaN stays NaN. */
// @ts-ignore: decorator
@inline
function relu(z: v128): v128 {
  return v128.andnot(z, f32x4.lt(z, f32x4.splat(0)));
}

/** x, or 0 if |x| is smaller than TINY. NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function flush(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(TINY)));
}

/** Replaces z by a, for `n` vectors of each of `m` examples. The examples are `stride` bytes apart. */
export function activate(activation: i32, z: usize, stride: usize, n: i32, m: i32): void {
  for (; m > 0; m--, z += stride) {
    for (let p = z, end = z + <usize>n * 16; p < end; p += 16) v128.store(p, value(activation, v128.load(p)));
  }
}

/**
 * BP2: multiplies the errors at `delta` by f'(z), for `n` vectors of each of `m` examples. f'(z) is computed from a. Dropout has divided the
 * activations that it keeps by `keep`, so a is multiplied by `keep` first.
 */
export function timesDerivative(rule: Rule, delta: usize, a: usize, stride: usize, n: i32, m: i32): void {
  const keep = f32x4.splat(rule.keep);
  for (; m > 0; m--, delta += stride, a += stride) {
    for (let i: usize = 0, end = <usize>n * 16; i < end; i += 16) {
      const slope = derivative(rule.activation, f32x4.mul(v128.load(a + i), keep));
      v128.store(delta + i, flush(f32x4.mul(v128.load(delta + i), slope)));
    }
  }
}

/** BP1 times `scale`, for output neurons with the activations a and the desired outputs y. */
// @ts-ignore: decorator
@inline
function delta(cost: i32, a: v128, y: v128, scale: v128): v128 {
  const error = f32x4.mul(f32x4.sub(a, y), scale);
  switch (cost) {
    case Cost.Quadratic: return f32x4.mul(error, sigmoidPrime(a));
    case Cost.CrossEntropy:
    case Cost.LogLikelihood: return error;
    default: return unreachable();
  }
}

/**
 * BP1 times `scale`, for units `from` .. `to` - 1 of one example whose weighted inputs are at `z`. y is 1 for the label's unit and 0 for the
 * others. The padding after the last of the `units` units becomes 0.
 */
export function outputDelta(rule: Rule, z: usize, deltas: usize, from: i32, to: i32, units: i32, label: i32, scale: f32): void {
  assert(label < units);
  let largest = f32x4.splat(0), sum = largest;
  if (rule.output == Output.Softmax) {
    largest = f32x4.splat(largestOf(z, units));
    sum = f32x4.splat(sumOfExp(z, units, largest));
  }
  for (let i = from; i < to; i += 4) {
    const unit = i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3));
    const y = v128.and(i32x4.eq(unit, i32x4.splat(label)), f32x4.splat(1));
    const x = v128.load(z + (<usize>i << 2));
    const a = rule.output == Output.Softmax ? f32x4.div(exp(f32x4.sub(x, largest)), sum) : sigmoid(x);
    const d = delta(rule.cost, a, y, f32x4.splat(scale));
    v128.store(deltas + (<usize>i << 2), v128.and(flush(d), i32x4.lt_s(unit, i32x4.splat(units))));
  }
}

function largestOf(z: usize, units: i32): f32 {
  let largest = load<f32>(z);
  for (let i = 1; i < units; i++) largest = max(largest, load<f32>(z + (<usize>i << 2)));
  return largest;
}

/** The sum of e^(z - largest) over all units, those of other threads too: first in each lane, then lanes (0 + 1) + (2 + 3). */
function sumOfExp(z: usize, units: i32, largest: v128): f32 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < units; i += 4) {
    const isUnit = i32x4.lt_s(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), i32x4.splat(units));
    sum = f32x4.add(sum, v128.and(exp(f32x4.sub(v128.load(z + (<usize>i << 2)), largest)), isUnit));
  }
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}
