import { inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { DataError } from "../errors.js";
import { asFileError } from "../files.js";
import { looksLike } from "./looks-like.js";

/** A grey image of any size. */
export interface GreyImage {
  width: number;
  height: number;
  /** 0 = black .. 255 = white, length width * height, row by row. */
  luminance: Uint8Array;
}

/** Larger images are refused before anything is allocated for them: decoding takes up to 32 bytes a pixel. */
const MOST_PIXELS = 64e6;

/** No PNG file of so many pixels is sensibly larger than this, in bytes. */
const MOST_BYTES = 512e6;

const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** Samples a pixel, and the bits that a sample may have, by colour type (the PNG specification, table 11.1). */
const COLOR_TYPES: Record<number, { samples: number; depths: number[] }> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] }, // grey
  2: { samples: 3, depths: [8, 16] }, // colour
  3: { samples: 1, depths: [1, 2, 4, 8] }, // palette
  4: { samples: 2, depths: [8, 16] }, // grey and alpha
  6: { samples: 4, depths: [8, 16] }, // colour and alpha
};

/** The first column and row of each pass of an interlaced image, and the steps to the next (Adam7). */
// biome-ignore format: a table
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
const ONE_PASS = [[0, 0, 1, 1]];

interface Header {
  width: number;
  height: number;
  /** What the image data hold when they are inflated. */
  bytes: number;
}

/**
 * Reads a PNG image from a stream, whole.
 *
 * @param name  what errors call it
 * @throws DataError if it is none, or cannot be read
 */
export async function readPng(name: string, stream: AsyncIterable<Uint8Array>): Promise<GreyImage> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MOST_BYTES || !isStart(chunks[0])) break; // enough to refuse it
    }
  } catch (cause) {
    throw asFileError(name, cause);
  }
  return decodePng(name, Buffer.concat(chunks));
}

/**
 * Decodes a PNG image of any colour type, bit depth and interlacing.
 *
 * A transparent image is shown on white, as on paper, unless that leaves less than half the contrast that it has on black.
 *
 * @param name  what errors call it
 * @throws DataError if `bytes` are no sound PNG image of at most 64 million pixels
 */
export function decodePng(name: string, bytes: Buffer): GreyImage {
  const header = readHeader(name, bytes);
  checkImageData(name, bytes, header);
  try {
    const { width, height, data } = PNG.sync.read(bytes);
    return { width, height, luminance: luminanceOf(data) };
  } catch (cause) {
    throw damaged(name, (cause as Error).message, cause);
  }
}

function readHeader(name: string, bytes: Buffer): Header {
  const complain = (expected: string, found: string, remedy?: string) =>
    new DataError({ thing: name, expected, found, remedy });
  const start = bytes.toString("latin1", 0, SIGNATURE.length);
  if (start !== SIGNATURE) {
    const isChanged = start.startsWith("\x89PNG");
    const found = isChanged ? "one whose first bytes were changed, perhaps as if it were text" : looksLike(bytes);
    throw complain("a PNG image", bytes.length === 0 ? "an empty file" : found);
  }
  if (bytes.length > MOST_BYTES) throw complain(`at most ${MOST_BYTES} bytes`, "more", SMALLER);
  if (bytes.length < 33 || bytes.readUInt32BE(8) !== 13 || bytes.toString("latin1", 12, 16) !== "IHDR") {
    throw damaged(name, "no header");
  }
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [depth, colorType, , , interlace] = bytes.subarray(24, 29);
  if (width * height === 0 || width * height > MOST_PIXELS) {
    throw complain(`1 to ${MOST_PIXELS} pixels`, `${width} x ${height}`, SMALLER);
  }
  const { samples, depths } = COLOR_TYPES[colorType] ?? { samples: 0, depths: [] };
  if (!depths.includes(depth)) throw damaged(name, `colour type ${colorType} with ${depth} bits a sample`);
  let total = 0;
  for (const [x, y, dx, dy] of interlace === 1 ? PASSES : ONE_PASS) {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    if (columns > 0 && rows > 0) total += rows * (1 + Math.ceil((columns * samples * depth) / 8)); // a row: its filter, its samples
  }
  return { width, height, bytes: total };
}

const SMALLER = "scale it down";

/**
 * Checks that the image data hold just what the header promises.
 *
 * pngjs does not: it takes what is missing from memory as it finds it, and inflates an interlaced image however large it gets.
 */
function checkImageData(name: string, bytes: Buffer, { width, height, bytes: expected }: Header): void {
  const parts: Buffer[] = [];
  for (let at = SIGNATURE.length, type = ""; type !== "IEND"; ) {
    const next = at + 12 + (at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0);
    if (next > bytes.length) throw damaged(name, "one cut short");
    type = bytes.toString("latin1", at + 4, at + 8);
    if (type === "IDAT") parts.push(bytes.subarray(at + 8, next - 4));
    at = next;
  }
  let found: number;
  try {
    found = inflateSync(Buffer.concat(parts), { maxOutputLength: expected }).length;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw damaged(name, `more than ${width} x ${height} pixels`);
    throw damaged(name, code === "Z_BUF_ERROR" ? "one cut short" : message, cause);
  }
  if (found !== expected) throw damaged(name, `fewer than ${width} x ${height} pixels`);
}

function isStart(bytes: Uint8Array): boolean {
  return SIGNATURE.startsWith(Buffer.from(bytes.subarray(0, SIGNATURE.length)).toString("latin1"));
}

function damaged(name: string, found: string, cause?: unknown): DataError {
  return new DataError({ thing: name, expected: "a sound PNG image", found, remedy: "get it again" }, { cause });
}

/** @param rgba  red, green, blue and alpha of each pixel, 0..255 */
function luminanceOf(rgba: Uint8Array): Uint8Array {
  const [onWhite, onBlack] = [255, 0].map((ground) => {
    const luminance = new Uint8Array(rgba.length / 4);
    for (let i = 0; i < luminance.length; i++) {
      const [p, alpha] = [4 * i, rgba[4 * i + 3] / 255];
      const luma = 0.299 * rgba[p] + 0.587 * rgba[p + 1] + 0.114 * rgba[p + 2]; // ITU-R BT.601
      luminance[i] = Math.round(alpha * luma + (1 - alpha) * ground);
    }
    return luminance;
  });
  return 2 * contrast(onWhite) < contrast(onBlack) ? onBlack : onWhite;
}

function contrast(luminance: Uint8Array): number {
  let [darkest, lightest] = [255, 0];
  for (const value of luminance) {
    if (value < darkest) darkest = value;
    if (value > lightest) lightest = value;
  }
  return lightest - darkest;
}
