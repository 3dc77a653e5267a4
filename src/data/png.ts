/** Reads PNG images as grey images. */
import { inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { DataError } from "../errors.js";
import { asFileError, GET_AGAIN } from "../files.js";
import { looksLike } from "./looks-like.js";

/** A grey image of any size. */
export interface GreyImage {
  width: number;
  height: number;
  /** 0 = black .. 255 = white, length width * height, row by row. */
  luminance: Uint8Array;
}

/** Larger images are refused before memory is allocated for them: decoding takes up to 32 bytes per pixel. */
const MAX_PIXELS = 64e6;

/** The size limit of a file in bytes. MAX_PIXELS take no more, even if they are not compressed. */
const MAX_BYTES = 512e6;

const SMALLER = "scale it down";
const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** The length of the signature and of the first chunk, the header, in bytes. */
const HEADER_END = 33;

/** Samples per pixel and allowed bits per sample, by colour type (the PNG specification, table 11.1). */
const COLOR_TYPES: Record<number, { samples: number; depths: number[] }> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] }, // grey
  2: { samples: 3, depths: [8, 16] }, // colour
  3: { samples: 1, depths: [1, 2, 4, 8] }, // palette
  4: { samples: 2, depths: [8, 16] }, // grey and alpha
  6: { samples: 4, depths: [8, 16] }, // colour and alpha
};

/** An interlaced image is stored in seven passes (Adam7). Each has a first column and row, and steps to the next column and row. */
// biome-ignore format: a table
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/** Reads a PNG image from a stream as `decodePng` does from bytes. @throws DataError also if the stream cannot be read */
export async function readPng(name: string, stream: AsyncIterable<Uint8Array>): Promise<GreyImage> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      const start = Buffer.from(chunks[0].subarray(0, 8)).toString("latin1");
      if (size > MAX_BYTES || !SIGNATURE.startsWith(start)) break; // enough to refuse it
    }
  } catch (cause) {
    throw asFileError(name, cause);
  }
  return decodePng(name, Buffer.concat(chunks));
}

/**
 * Decodes a PNG image of any colour type, bit depth and interlacing.
 *
 * A transparent image is put on white, as on paper, unless its contrast is then less than half of what it is on black.
 *
 * @param name  the name of the image in errors
 * @throws DataError if `bytes` are not a PNG image, are damaged, or have more than 64 million pixels
 */
export function decodePng(name: string, bytes: Buffer): GreyImage {
  checkImageData(name, bytes);
  try {
    const { width, height, data } = PNG.sync.read(bytes);
    return { width, height, luminance: luminanceOf(data) };
  } catch (cause) {
    throw damaged(name, `damaged data (${(cause as Error).message})`, cause);
  }
}

/** `dataLength` is the length of the inflated image data in bytes. */
function readHeader(name: string, bytes: Buffer) {
  const error = (expected: string, found: string, remedy?: string) =>
    new DataError({ thing: name, expected, found, remedy });
  if (bytes.length === 0) throw error("a PNG image", "an empty file");
  const start = bytes.toString("latin1", 0, 8);
  if (start !== SIGNATURE) {
    const changed = "one whose first bytes were changed, perhaps because it was copied as text";
    throw error("a PNG image", start.startsWith("\x89PNG") ? changed : looksLike(bytes));
  }
  if (bytes.length > MAX_BYTES) throw error(`at most ${MAX_BYTES} bytes`, "more", SMALLER);
  if (bytes.length < HEADER_END || bytes.readUInt32BE(8) !== 13 || bytes.toString("latin1", 12, 16) !== "IHDR") {
    throw damaged(name, "no header");
  }
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width * height === 0 || width * height > MAX_PIXELS) {
    throw error(`1 to ${MAX_PIXELS} pixels`, `${width} x ${height}`, SMALLER);
  }
  const [depth, colorType, , , interlace] = bytes.subarray(24, 29);
  const { samples, depths } = COLOR_TYPES[colorType] ?? { samples: 0, depths: [] };
  if (!depths.includes(depth)) throw damaged(name, `colour type ${colorType} with ${depth} bits per sample`);
  let dataLength = 0;
  for (const [x, y, dx, dy] of interlace === 1 ? ADAM7 : [[0, 0, 1, 1]]) {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    // A row is a byte for its filter, and its samples. A pass without a column has no rows.
    if (columns > 0 && rows > 0) dataLength += rows * (1 + Math.ceil((columns * samples * depth) / 8));
  }
  return { width, height, dataLength };
}

/**
 * Checks that the file has one header, and image data of the length that this header promises.
 *
 * pngjs checks the CRCs, the palette and the filters of rows, but not this. It would fill missing rows with what the memory held before,
 * inflate an interlaced image without a limit, and allocate memory for the size in a second header.
 */
function checkImageData(name: string, bytes: Buffer): void {
  const { width, height, dataLength } = readHeader(name, bytes);
  const parts: Buffer[] = [];
  for (let at = HEADER_END, type = ""; type !== "IEND"; ) {
    // A chunk is the length of its data, its type, its data, and a CRC (the PNG specification, section 5.3).
    const next = at + 12 + (at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0);
    if (next > bytes.length) throw damaged(name, "one that was cut short");
    type = bytes.toString("latin1", at + 4, at + 8);
    if (type === "IHDR") throw damaged(name, "a second header");
    if (type === "IDAT") parts.push(bytes.subarray(at + 8, next - 4));
    at = next;
  }
  let found: number;
  try {
    found = inflateSync(Buffer.concat(parts), { maxOutputLength: dataLength }).length;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw damaged(name, `more than ${width} x ${height} pixels`);
    throw damaged(name, `damaged data (${message})`, cause);
  }
  if (found !== dataLength) throw damaged(name, `fewer than ${width} x ${height} pixels`);
}

function damaged(name: string, found: string, cause?: unknown): DataError {
  return new DataError({ thing: name, expected: "an intact PNG image", found, remedy: GET_AGAIN }, { cause });
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
