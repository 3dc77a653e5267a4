/** Reads the images of PNG and IDX files, and brings them to the input of a network. */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { fieldSide, toField } from "./digit.js";
import { openIdx, readImages } from "./idx.js";
import { type GreyImage, readPng } from "./png.js";

/** An image that is ready for a network. */
export interface Picture {
  /** The name of the file that holds the image. */
  image: string;
  /** The number of the image in an IDX file, from 0; undefined for a PNG file. */
  index?: number;
  rows: number;
  columns: number;
  /** Pixels, row by row, scaled to 0..1, length rows * columns, which is the number of input neurons. */
  x: Float64Array;
}

/**
 * Reads the image of a PNG file, or all images of an IDX file, and brings them to the input of a network.
 *
 * Images of an IDX file that have as many pixels as the network has input neurons are taken as they are. All others are scaled and
 * centred by `toField`.
 *
 * @param inputs  the number of input neurons
 * @throws DataError if the file is neither PNG nor IDX, or is damaged, or if an image is blank
 * @throws ConfigurationError if images must be scaled, and `inputs` is not a square number
 */
export async function* picturesOf(path: string, inputs: number): AsyncGenerator<Picture> {
  if (await isIdx(path)) yield* picturesOfIdx(path, inputs);
  else yield await pictureOfPng(path, createReadStream(path), inputs);
}

/** Reads a PNG image from a stream, as `picturesOf` does from a file. */
export async function pictureOfPng(image: string, stream: AsyncIterable<Uint8Array>, inputs: number): Promise<Picture> {
  const side = fieldSide(inputs); // checked before the stream is read
  return { image, ...scaleToField(image, await readPng(image, stream), side) };
}

async function* picturesOfIdx(image: string, inputs: number): AsyncGenerator<Picture> {
  const file = await openIdx(image, "images");
  const images = await readImages(file).finally(file.close);
  const { rows, columns } = images;
  for (let index = 0; index < images.length; index++) {
    const x = images.pixels(index);
    if (rows * columns === inputs) yield { image, index, rows, columns, x };
    else {
      const grey = { width: columns, height: rows, luminance: Uint8Array.from(x, (value) => Math.round(255 * value)) };
      yield { image, index, ...scaleToField(`${image}[${index}]`, grey, fieldSide(inputs)) };
    }
  }
}

function scaleToField(name: string, image: GreyImage, side: number) {
  return { rows: side, columns: side, x: Float64Array.from(toField(name, image, side), (value) => value / 255) };
}

/** Whether a file starts as an IDX or a gzip file does. An unreadable file does not: the reader of PNG files then reports the problem. */
async function isIdx(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false; // a pipe can be read only once
    const file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2)).finally(() => file.close());
    return bytesRead === 2 && ["0000", "1f8b"].includes(buffer.toString("hex"));
  } catch {
    return false;
  }
}
