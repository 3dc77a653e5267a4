/**
 * The first layer, whose inputs are images. Most pixels are 0 (81 % in MNIST), and a pixel of 0 changes neither z nor the update.
 *
 * A row holds two bytes for each ink pixel: the gap from the previous one (from pixel 0 for the first), and the value 1..255. Gaps of more
 * than 255 are bridged by pairs (255, 0), which add nothing. One 16-bit load reads a pixel. Measured on [784,30,10]: 3-7 % faster than
 * 16-bit pixel numbers beside 8-bit values (no clear difference with 800 units), with a third less memory.
 *
 * A panel's sums (or deltas) of one example stay in registers while the example's row is read. `n`, the number of vectors in the panel, is a
 * constant in each of the eight copies that inlining makes, so that every `if (n > ...)` is decided at compile time.
 */
import { Images, WIDE, madd } from "./layout";

/** z = biases + sum over ink pixels of x * weights[pixel], for one example and one panel. The sum is in the order of the pixels. */
// @ts-ignore: decorator
@inline
function forward(n: i32, row: usize, end: usize, values: usize, w: usize, biases: usize, z: usize): void {
  let z0 = v128.load(biases), z1 = z0, z2 = z0, z3 = z0, z4 = z0, z5 = z0, z6 = z0, z7 = z0;
  if (n > 1) z1 = v128.load(biases, 16);
  if (n > 2) z2 = v128.load(biases, 32);
  if (n > 3) z3 = v128.load(biases, 48);
  if (n > 4) z4 = v128.load(biases, 64);
  if (n > 5) z5 = v128.load(biases, 80);
  if (n > 6) z6 = v128.load(biases, 96);
  if (n > 7) z7 = v128.load(biases, 112);
  for (; row < end; row += 2) {
    const pair = <usize>load<u16>(row);
    const x = v128.load32_splat(values + (pair >> 8 << 2));
    w += (pair & 255) * (n * 16);
    z0 = madd(z0, x, v128.load(w));
    if (n > 1) z1 = madd(z1, x, v128.load(w, 16));
    if (n > 2) z2 = madd(z2, x, v128.load(w, 32));
    if (n > 3) z3 = madd(z3, x, v128.load(w, 48));
    if (n > 4) z4 = madd(z4, x, v128.load(w, 64));
    if (n > 5) z5 = madd(z5, x, v128.load(w, 80));
    if (n > 6) z6 = madd(z6, x, v128.load(w, 96));
    if (n > 7) z7 = madd(z7, x, v128.load(w, 112));
  }
  v128.store(z, z0);
  if (n > 1) v128.store(z, z1, 16);
  if (n > 2) v128.store(z, z2, 32);
  if (n > 3) v128.store(z, z3, 48);
  if (n > 4) v128.store(z, z4, 64);
  if (n > 5) v128.store(z, z5, 80);
  if (n > 6) v128.store(z, z6, 96);
  if (n > 7) v128.store(z, z7, 112);
}

/** weights[pixel] += x * delta for each ink pixel, for one example and one panel. The factor -eta/m is already in delta. */
// @ts-ignore: decorator
@inline
function update(n: i32, row: usize, end: usize, values: usize, w: usize, delta: usize): void {
  let d0 = v128.load(delta), d1 = d0, d2 = d0, d3 = d0, d4 = d0, d5 = d0, d6 = d0, d7 = d0;
  if (n > 1) d1 = v128.load(delta, 16);
  if (n > 2) d2 = v128.load(delta, 32);
  if (n > 3) d3 = v128.load(delta, 48);
  if (n > 4) d4 = v128.load(delta, 64);
  if (n > 5) d5 = v128.load(delta, 80);
  if (n > 6) d6 = v128.load(delta, 96);
  if (n > 7) d7 = v128.load(delta, 112);
  for (; row < end; row += 2) {
    const pair = <usize>load<u16>(row);
    const x = v128.load32_splat(values + (pair >> 8 << 2));
    w += (pair & 255) * (n * 16);
    // V8 joins two vectors only if no load stands between their stores, and here all of them only if the second is stored first. With 256 bits, an
    // epoch of [784,30,10] takes 0.82 of the time then. With 128 bits this order would take 3 % longer.
    if (WIDE) {
      if (n > 1) { const a = madd(v128.load(w), x, d0), b = madd(v128.load(w, 16), x, d1); v128.store(w, b, 16); v128.store(w, a); }
      if (n == 1) v128.store(w, madd(v128.load(w), x, d0));
      if (n > 3) { const a = madd(v128.load(w, 32), x, d2), b = madd(v128.load(w, 48), x, d3); v128.store(w, b, 48); v128.store(w, a, 32); }
      if (n == 3) v128.store(w, madd(v128.load(w, 32), x, d2), 32);
      if (n > 5) { const a = madd(v128.load(w, 64), x, d4), b = madd(v128.load(w, 80), x, d5); v128.store(w, b, 80); v128.store(w, a, 64); }
      if (n == 5) v128.store(w, madd(v128.load(w, 64), x, d4), 64);
      if (n > 7) { const a = madd(v128.load(w, 96), x, d6), b = madd(v128.load(w, 112), x, d7); v128.store(w, b, 112); v128.store(w, a, 96); }
      if (n == 7) v128.store(w, madd(v128.load(w, 96), x, d6), 96);
    } else {
      v128.store(w, madd(v128.load(w), x, d0));
      if (n > 1) v128.store(w, madd(v128.load(w, 16), x, d1), 16);
      if (n > 2) v128.store(w, madd(v128.load(w, 32), x, d2), 32);
      if (n > 3) v128.store(w, madd(v128.load(w, 48), x, d3), 48);
      if (n > 4) v128.store(w, madd(v128.load(w, 64), x, d4), 64);
      if (n > 5) v128.store(w, madd(v128.load(w, 80), x, d5), 80);
      if (n > 6) v128.store(w, madd(v128.load(w, 96), x, d6), 96);
      if (n > 7) v128.store(w, madd(v128.load(w, 112), x, d7), 112);
    }
  }
}

/** Called once per example, because V8 starts to use optimised code at the next call, not inside a running loop. */
export function sparseForward(n: i32, row: usize, end: usize, values: usize, w: usize, biases: usize, z: usize): void {
  switch (n) {
    case 1: return forward(1, row, end, values, w, biases, z);
    case 2: return forward(2, row, end, values, w, biases, z);
    case 3: return forward(3, row, end, values, w, biases, z);
    case 4: return forward(4, row, end, values, w, biases, z);
    case 5: return forward(5, row, end, values, w, biases, z);
    case 6: return forward(6, row, end, values, w, biases, z);
    case 7: return forward(7, row, end, values, w, biases, z);
    default: return forward(8, row, end, values, w, biases, z);
  }
}

export function sparseUpdate(n: i32, row: usize, end: usize, values: usize, w: usize, delta: usize): void {
  switch (n) {
    case 1: return update(1, row, end, values, w, delta);
    case 2: return update(2, row, end, values, w, delta);
    case 3: return update(3, row, end, values, w, delta);
    case 4: return update(4, row, end, values, w, delta);
    case 5: return update(5, row, end, values, w, delta);
    case 6: return update(6, row, end, values, w, delta);
    case 7: return update(7, row, end, values, w, delta);
    default: return update(8, row, end, values, w, delta);
  }
}

/** The index of the example at position `e` of the order. */
export function exampleAt(images: Images, e: i32): u32 {
  const example = load<u32>(images.order + (<usize>e << 2));
  assert(example < images.length);
  return example;
}

/** The address in `rows` of the example at position `e` of the order. */
export function exampleStart(images: Images, e: i32): usize {
  return images.rows + (<usize>exampleAt(images, e) << 3);
}

/**
 * Reads a byte of each cache line of the rows of examples `from` .. `to - 1` of the order, so that all of them are fetched at once.
 * In shuffled order every row is a cache miss, and the forward pass would wait for the rows one by one. Measured on [784,30,10], batch 10:
 * the forward passes of an epoch take 18 ms instead of 26. The sum has no meaning; it keeps the loads from being optimised away.
 */
export function touch(images: Images, from: i32, to: i32): i32 {
  let sum = 0;
  for (let e = from; e < to; e++) {
    const s = exampleStart(images, e);
    const end = images.pairs + load<u32>(s, 4);
    for (let p: usize = images.pairs + load<u32>(s); p < end; p += 64) sum += load<u8>(p);
  }
  return sum;
}
