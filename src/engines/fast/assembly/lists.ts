/**
 * Another way to compute the first layer, for wide layers: the ink of a mini-batch is first written out as lists, once for all panels.
 *
 * sparse.ts decodes the examples again for every panel, and loads and stores a weight once for each example. Here the forward pass reads a list
 * of numbers that need no decoding. It takes the pixels in slabs, so that a slab's weights stay in the first-level cache while all
 * examples pass. The update goes pixel by pixel: the list says which examples have ink there, so that a weight is loaded and
 * stored once per mini-batch. The sums and their order are those of sparse.ts, and so are the bits. `listsPay` in ../shares.ts says where it
 * pays, and what was measured.
 *
 * An entry of a list takes 8 bytes: a byte offset, u32, and the pixel's value, f32.
 */
import { Images, Thread, madd, row } from "./layout";
import { exampleStart } from "./sparse";

/** The number of slabs of an image. A slab of MNIST, 392 pixels, has 50 KB of weights per panel, of which the ink uses about half. */
export const SLABS: i32 = 2;

/** For each example `from` .. `from + m - 1` of the order and each slab: the entries 16 * pixel and value, in the order of the pixels. */
export function listByExample(t: Thread, images: Images, from: i32, m: i32, pixels: i32): void {
  const slab = (<usize>pixels + 1) / SLABS << 4;
  let entry = t.entries, start = t.starts;
  for (let e = from; e < from + m; e++) {
    const s = exampleStart(images, e), end = images.pairs + load<u32>(s, 4);
    let pair = images.pairs + load<u32>(s), at: usize = 0;
    for (let limit = slab, i = 0; i < SLABS; i++, limit += slab, start += 4) {
      store<u32>(start, <u32>entry);
      for (; pair < end; pair += 2, entry += 8) {
        const gapAndValue = <usize>load<u16>(pair), next = at + ((gapAndValue & 255) << 4);
        if (next >= limit && i < SLABS - 1) break;
        at = next;
        store<u32>(entry, <u32>at);
        store<f32>(entry, load<f32>(t.values + (gapAndValue >> 8 << 2)), 4);
      }
    }
  }
  store<u32>(start, <u32>entry);
}

/**
 * For each pixel: the entries `stride` * example and value, in the order of the examples; `t.ends` gets the end of each pixel's list. It is
 * a counting sort of the ink by pixel.
 */
export function listByPixel(t: Thread, images: Images, from: i32, m: i32, pixels: i32, stride: usize): void {
  const lastEnd = row(t.ends, pixels, 4);
  memory.fill(t.ends, 0, <usize>pixels << 2);
  for (let e = from; e < from + m; e++) {
    const s = exampleStart(images, e), end = images.pairs + load<u32>(s, 4);
    for (let pair = images.pairs + load<u32>(s), count = t.ends; pair < end; pair += 2) {
      count += <usize>load<u8>(pair) << 2;
      store<u32>(count, load<u32>(count) + 8);
    }
  }
  for (let at = <u32>t.entries, p = t.ends; p < lastEnd; p += 4) {
    const bytes = load<u32>(p);
    store<u32>(p, at);
    at += bytes;
  }
  for (let e = from, offset: usize = 0; e < from + m; e++, offset += stride) {
    const s = exampleStart(images, e), end = images.pairs + load<u32>(s, 4);
    for (let pair = images.pairs + load<u32>(s), p = t.ends; pair < end; pair += 2) {
      const gapAndValue = <usize>load<u16>(pair);
      p += (gapAndValue & 255) << 2;
      const entry = <usize>load<u32>(p);
      store<u32>(entry, <u32>offset);
      store<f32>(entry, load<f32>(t.values + (gapAndValue >> 8 << 2)), 4);
      store<u32>(p, <u32>entry + 8);
    }
  }
}

/** to = from + sum over the entries of value * weights[pixel], for one example, one slab and a panel of `n` vectors. */
// @ts-ignore: decorator
@inline
function gather(n: i32, entry: usize, end: usize, base: usize, from: usize, to: usize): void {
  let s0 = v128.load(from), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  if (n > 1) s1 = v128.load(from, 16);
  if (n > 2) s2 = v128.load(from, 32);
  if (n > 3) s3 = v128.load(from, 48);
  if (n > 4) s4 = v128.load(from, 64);
  if (n > 5) s5 = v128.load(from, 80);
  if (n > 6) s6 = v128.load(from, 96);
  if (n > 7) s7 = v128.load(from, 112);
  for (; entry < end; entry += 8) {
    const v = base + <usize>load<u32>(entry) * n, x = v128.load32_splat(entry, 4);
    s0 = madd(s0, x, v128.load(v));
    if (n > 1) s1 = madd(s1, x, v128.load(v, 16));
    if (n > 2) s2 = madd(s2, x, v128.load(v, 32));
    if (n > 3) s3 = madd(s3, x, v128.load(v, 48));
    if (n > 4) s4 = madd(s4, x, v128.load(v, 64));
    if (n > 5) s5 = madd(s5, x, v128.load(v, 80));
    if (n > 6) s6 = madd(s6, x, v128.load(v, 96));
    if (n > 7) s7 = madd(s7, x, v128.load(v, 112));
  }
  v128.store(to, s0);
  if (n > 1) v128.store(to, s1, 16);
  if (n > 2) v128.store(to, s2, 32);
  if (n > 3) v128.store(to, s3, 48);
  if (n > 4) v128.store(to, s4, 64);
  if (n > 5) v128.store(to, s5, 80);
  if (n > 6) v128.store(to, s6, 96);
  if (n > 7) v128.store(to, s7, 112);
}

/** As `sparseForward`, for one slab of an example: z = from + sum over the slab's ink of x * weights[pixel]. */
export function listForward(n: i32, entry: usize, end: usize, w: usize, from: usize, z: usize): void {
  switch (n) {
    case 1: return gather(1, entry, end, w, from, z);
    case 2: return gather(2, entry, end, w, from, z);
    case 3: return gather(3, entry, end, w, from, z);
    case 4: return gather(4, entry, end, w, from, z);
    case 5: return gather(5, entry, end, w, from, z);
    case 6: return gather(6, entry, end, w, from, z);
    case 7: return gather(7, entry, end, w, from, z);
    default: return gather(8, entry, end, w, from, z);
  }
}

/**
 * w += sum over the entries of value * delta[example], for one pixel and a panel of `n` vectors. Its loop is `do`, and that of `gather` is `for`:
 * on Node 20, with `for` here or with `do` there, an epoch of [784,800,10] takes 1.2 to 1.3 times as long.
 */
// @ts-ignore: decorator
@inline
function gatherRow(n: i32, entry: usize, end: usize, base: usize, w: usize): void {
  let s0 = v128.load(w), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  if (n > 1) s1 = v128.load(w, 16);
  if (n > 2) s2 = v128.load(w, 32);
  if (n > 3) s3 = v128.load(w, 48);
  if (n > 4) s4 = v128.load(w, 64);
  if (n > 5) s5 = v128.load(w, 80);
  if (n > 6) s6 = v128.load(w, 96);
  if (n > 7) s7 = v128.load(w, 112);
  do {
    const v = base + <usize>load<u32>(entry), x = v128.load32_splat(entry, 4);
    s0 = madd(s0, x, v128.load(v));
    if (n > 1) s1 = madd(s1, x, v128.load(v, 16));
    if (n > 2) s2 = madd(s2, x, v128.load(v, 32));
    if (n > 3) s3 = madd(s3, x, v128.load(v, 48));
    if (n > 4) s4 = madd(s4, x, v128.load(v, 64));
    if (n > 5) s5 = madd(s5, x, v128.load(v, 80));
    if (n > 6) s6 = madd(s6, x, v128.load(v, 96));
    if (n > 7) s7 = madd(s7, x, v128.load(v, 112));
    entry += 8;
  } while (entry < end);
  v128.store(w, s0);
  if (n > 1) v128.store(w, s1, 16);
  if (n > 2) v128.store(w, s2, 32);
  if (n > 3) v128.store(w, s3, 48);
  if (n > 4) v128.store(w, s4, 64);
  if (n > 5) v128.store(w, s5, 80);
  if (n > 6) v128.store(w, s6, 96);
  if (n > 7) v128.store(w, s7, 112);
}

// @ts-ignore: decorator
@inline
function updateRows(n: i32, entry: usize, ends: usize, lastEnd: usize, w: usize, deltas: usize): void {
  for (; ends < lastEnd; ends += 4, w += n * 16) {
    const end = <usize>load<u32>(ends);
    if (entry < end) gatherRow(n, entry, end, deltas, w);
    entry = end;
  }
}

/** weights[pixel] += sum over the listed examples of x * delta, for a panel of `n` vectors. `deltas` is the first example's delta. */
export function listUpdate(t: Thread, n: i32, pixels: i32, w: usize, deltas: usize): void {
  const entry = t.entries, ends = t.ends, lastEnd = row(ends, pixels, 4);
  switch (n) {
    case 1: return updateRows(1, entry, ends, lastEnd, w, deltas);
    case 2: return updateRows(2, entry, ends, lastEnd, w, deltas);
    case 3: return updateRows(3, entry, ends, lastEnd, w, deltas);
    case 4: return updateRows(4, entry, ends, lastEnd, w, deltas);
    case 5: return updateRows(5, entry, ends, lastEnd, w, deltas);
    case 6: return updateRows(6, entry, ends, lastEnd, w, deltas);
    case 7: return updateRows(7, entry, ends, lastEnd, w, deltas);
    default: return updateRows(8, entry, ends, lastEnd, w, deltas);
  }
}
