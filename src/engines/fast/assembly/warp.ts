/**
 * Distorts one image, to the same bytes as src/distortion/warp.ts, which says what is computed. Here it is done for four pixels at a time, and the
 * result is a sparse row.
 */
import { Distortion, Images, Thread } from "./layout";
import { exampleAt, exampleStart } from "./sparse";

/** As in src/distortion/warp.ts: the binary digits of a place after the point, and those of the numbers of a map. */
const FRACTION_BITS: i32 = 11, MAP_BITS: i32 = 18;
const FRACTION: i32 = 1 << FRACTION_BITS, ONE: i32 = 1 << MAP_BITS;
const HALF: i32 = 1 << (MAP_BITS - FRACTION_BITS - 1);

/** The number of rows of a displacement field. */
const PERIOD: i32 = 256;

/** Where each pixel comes from, see `SourceMap` in src/distortion/warp.ts. */
@unmanaged
class SourceMap {
  a: i32; b: i32; c: i32;
  d: i32; e: i32; f: i32;
  /** The elements of the displacement fields from which the image reads: row and column, one byte each. */
  p: i32; q: i32;
}

/**
 * Distorts the example at position `e` of the order of `images`, and makes it example `i` of `distorted`, whose row begins at `out`. Returns the
 * end of the row.
 */
export function distortExample(t: Thread, images: Images, distorted: Images, distortion: Distortion, e: i32, i: i32, out: usize): usize {
  const s = exampleStart(images, e), pair = images.pairs + load<u32>(s), end = images.pairs + load<u32>(s, 4);
  const map = changetype<SourceMap>(distortion.maps + <usize>i * offsetof<SourceMap>());
  let outEnd: usize;
  if (distortion.isShift) {
    outEnd = shift(distortion, pair, end, out, map.c >> MAP_BITS, map.f >> MAP_BITS);
  } else {
    spread(t, distortion, pair, end);
    warp(t, distortion, map);
    outEnd = gather(t, distortion, out);
  }
  const target = distorted.rows + (<usize>i << 3);
  store<u32>(target, <u32>(out - distorted.pairs));
  store<u32>(target, <u32>(outEnd - distorted.pairs), 4);
  store<u8>(distorted.labels + i, load<u8>(images.labels + exampleAt(images, e)));
  return outEnd;
}

/**
 * Copies a sparse row of an image that moves by `left` and `up` pixels, of which one is 0 and the other -1, 0 or 1. Few images have ink at the edge
 * where it leaves the image. In the others, only the first gap changes. Returns the end of the copy.
 */
function shift(distortion: Distortion, pair: usize, end: usize, out: usize, left: i32, up: i32): usize {
  const edge = left ? (left > 0 ? 1 : 2) : up ? (up > 0 ? 4 : 8) : 0;
  const offset = -left - up * distortion.columns, firstGap = <i32>load<u8>(pair) + offset;
  let seen = 0;
  for (let at = distortion.edges, p = pair; p < end; p += 2) {
    at += load<u8>(p);
    seen |= load<u8>(at);
  }
  // If the first gap is longer than 255 pixels, the first pair bridges a part of it and has no ink.
  if (pair == end || seen & edge || firstGap < 0 || firstGap > 255 || !load<u8>(pair, 1)) return shiftEach(distortion, pair, end, out, edge, offset);
  for (let i: usize = 0; i < end - pair; i += 16) v128.store(out + i, v128.load(pair + i)); // it may copy up to 14 bytes too many
  store<u8>(out, firstGap);
  return out + (end - pair);
}

/** As `shift`, pixel by pixel. Ink at the edge `edge` leaves the image, and the number of every other pixel grows by `offset`. */
function shiftEach(distortion: Distortion, pair: usize, end: usize, out: usize, edge: i32, offset: i32): usize {
  let pixel = 0, last = 0;
  for (; pair < end; pair += 2) {
    const gapAndValue = <i32>load<u16>(pair);
    pixel += gapAndValue & 255;
    if (gapAndValue < 256 || load<u8>(distortion.edges + pixel) & edge) continue;
    out = append(out, pixel + offset - last, gapAndValue >> 8);
    last = pixel + offset;
  }
  return out;
}

/** Writes a pixel of ink that lies `gap` pixels after the previous one. Returns the end. */
// @ts-ignore: decorator
@inline
function append(out: usize, gap: i32, value: i32): usize {
  for (; gap > 255; gap -= 255, out += 2) store<u16>(out, 255);
  store<u16>(out, gap | value << 8);
  return out + 2;
}

/** Draws a sparse row on the canvas, on which the image has a border of one pixel. */
function spread(t: Thread, distortion: Distortion, pair: usize, end: usize): void {
  memory.fill(t.canvas, 0, <usize>((distortion.columns + 2) * (distortion.rows + 2)));
  for (let place = distortion.places; pair < end; pair += 2) {
    const gapAndValue = <usize>load<u16>(pair);
    place += (gapAndValue & 255) << 2;
    store<u8>(t.canvas + load<u32>(place), gapAndValue >> 8);
  }
}

/** Fetches all pixels of the distorted image from the canvas. */
function warp(t: Thread, distortion: Distortion, map: SourceMap): void {
  const rows = distortion.rows, columns = distortion.columns;
  const a = map.a, b = map.b, d = map.d, e = map.e;
  const iota = i32x4(0, 1, 2, 3), stride = i32x4.splat(columns + 2);
  const right = i32x4.splat(columns + 1 << FRACTION_BITS), bottom = i32x4.splat(rows + 1 << FRACTION_BITS);
  const fieldX = distortion.fieldX, fieldY = distortion.fieldY, fieldStride = distortion.fieldStride;
  for (let y = 0; y < rows; y++) {
    // A pixel of the image is one column and one row further on, on the canvas.
    let X = i32x4.add(i32x4.splat(b * y + map.c + HALF + ONE), i32x4.mul(iota, i32x4.splat(a)));
    let Y = i32x4.add(i32x4.splat(e * y + map.f + HALF + ONE), i32x4.mul(iota, i32x4.splat(d)));
    let out = t.warped + y * columns;
    let atX = fieldX + <usize>((map.p >> 8) + y & PERIOD - 1) * fieldStride + (<usize>(map.p & PERIOD - 1) << 2);
    let atY = fieldY + <usize>((map.q >> 8) + y & PERIOD - 1) * fieldStride + (<usize>(map.q & PERIOD - 1) << 2);
    for (const end = out + columns; out < end; out += 4) {
      let x = i32x4.shr_s(X, MAP_BITS - FRACTION_BITS), y = i32x4.shr_s(Y, MAP_BITS - FRACTION_BITS);
      X = i32x4.add(X, i32x4.splat(a << 2));
      Y = i32x4.add(Y, i32x4.splat(d << 2));
      if (fieldX) {
        x = i32x4.add(x, v128.load(atX));
        y = i32x4.add(y, v128.load(atY));
        atX += 16;
        atY += 16;
      }
      x = i32x4.min_s(i32x4.max_s(x, i32x4.splat(0)), right);
      y = i32x4.min_s(i32x4.max_s(y, i32x4.splat(0)), bottom);
      store<u32>(out, interpolate(t.canvas, columns + 2, stride, x, y));
    }
  }
}

/** Bilinear interpolation at four places of the canvas. Returns four bytes. */
// @ts-ignore: decorator
@inline
function interpolate(canvas: usize, rowBytes: i32, stride: v128, x: v128, y: v128): u32 {
  const at = i32x4.add(i32x4.mul(i32x4.shr_s(y, FRACTION_BITS), stride), i32x4.shr_s(x, FRACTION_BITS));
  const p0 = canvas + i32x4.extract_lane(at, 0), p1 = canvas + i32x4.extract_lane(at, 1);
  const p2 = canvas + i32x4.extract_lane(at, 2), p3 = canvas + i32x4.extract_lane(at, 3);
  let pixels = i32x4.splat(0); // two neighbours for each place, of the upper row and then of the lower row
  pixels = v128.load_lane<u16>(p0, pixels, 0);
  pixels = v128.load_lane<u16>(p1, pixels, 1);
  pixels = v128.load_lane<u16>(p2, pixels, 2);
  pixels = v128.load_lane<u16>(p3, pixels, 3);
  pixels = v128.load_lane<u16>(p0 + rowBytes, pixels, 4);
  pixels = v128.load_lane<u16>(p1 + rowBytes, pixels, 5);
  pixels = v128.load_lane<u16>(p2 + rowBytes, pixels, 6);
  pixels = v128.load_lane<u16>(p3 + rowBytes, pixels, 7);
  const right = v128.and(x, i32x4.splat(FRACTION - 1)), down = v128.and(y, i32x4.splat(FRACTION - 1));
  const weights = v128.or(i32x4.sub(i32x4.splat(FRACTION), right), i32x4.shl(right, 16)); // i16: left and right neighbour
  const upper = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(pixels), weights);
  const lower = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(pixels), weights);
  const sum = i32x4.add(i32x4.shl(upper, FRACTION_BITS), i32x4.mul(i32x4.sub(lower, upper), down));
  const values = i32x4.shr_s(i32x4.add(sum, i32x4.splat(FRACTION * FRACTION / 2)), 2 * FRACTION_BITS);
  const words = i16x8.narrow_i32x4_s(values, values);
  return i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0);
}

/** Writes the distorted image as a sparse row, without the ink that is too faint. Returns the end of the row. */
function gather(t: Thread, distortion: Distortion, out: usize): usize {
  const size = distortion.rows * distortion.columns, warped = t.warped;
  memory.fill(warped + size, 0, 64);
  const faintest = i8x16.splat(<i8>distortion.faintest);
  let last = 0;
  for (let i = 0; i < size; i += 64) {
    let ink: u64 = inkOf(warped + i, faintest) | inkOf(warped + i + 16, faintest) << 16
      | inkOf(warped + i + 32, faintest) << 32 | inkOf(warped + i + 48, faintest) << 48;
    for (; ink; ink &= ink - 1) {
      const pixel = i + <i32>ctz(ink);
      out = append(out, pixel - last, <i32>load<u8>(warped + pixel));
      last = pixel;
    }
  }
  return out;
}

/** Which of 16 pixels are ink: one bit each. */
// @ts-ignore: decorator
@inline
function inkOf(pixels: usize, faintest: v128): u64 {
  return i8x16.bitmask(i8x16.ge_u(v128.load(pixels), faintest));
}
