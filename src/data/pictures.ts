import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { readImages } from "./dataset.js";
import { fieldSide, toField } from "./digit.js";
import { IdxFile } from "./idx.js";
import type { Images } from "./images.js";
import { type GreyImage, readPng } from "./png.js";

/** An image as a network takes it. */
export interface Picture {
  /** The file that it is from. */
  image: string;
  /** Which of the file's images, from 0; undefined if it holds one. */
  index?: number;
  rows: number;
  columns: number;
  /** Pixels scaled to 0..1, row by row, length rows * columns, as many as the network has input neurons. */
  x: Float64Array;
}

/**
 * The image of a PNG file, or all images of an IDX file, brought to the input of a network. Images of an IDX file that have the right
 * number of pixels are a data set's, and stay as they are.
 *
 * @param inputs  how many input neurons the network has
 * @throws DataError if the file is neither, or not sound, or an image is blank
 * @throws ConfigurationError if the network's input is no square, and the images are to be scaled to it
 */
export async function* picturesOf(path: string, inputs: number): AsyncGenerator<Picture> {
  if (await isIdx(path)) yield* picturesOfIdx(path, inputs);
  else yield await pictureOfPng(path, createReadStream(path), inputs);
}

/** The image of a PNG file that comes from a stream; the rest as for `picturesOf`. */
export async function pictureOfPng(image: string, stream: AsyncIterable<Uint8Array>, inputs: number): Promise<Picture> {
  const side = fieldSide(inputs);
  return { image, ...field(image, await readPng(image, stream), side) };
}

async function* picturesOfIdx(image: string, inputs: number): AsyncGenerator<Picture> {
  const file = await IdxFile.open(image, "images");
  const images = await readImages(file).finally(() => file.close());
  const { rows, columns } = images;
  for (let index = 0; index < images.length; index++) {
    if (rows * columns === inputs) yield { image, index, rows, columns, x: images.pixels(index) };
    else yield { image, index, ...field(`${image}[${index}]`, greyOf(images, index), fieldSide(inputs)) };
  }
}

function field(name: string, image: GreyImage, side: number) {
  return { rows: side, columns: side, x: Float64Array.from(toField(name, image, side), (value) => value / 255) };
}

function greyOf(images: Images, i: number): GreyImage {
  const luminance = Uint8Array.from(images.pixels(i), (value) => Math.round(255 * value));
  return { width: images.columns, height: images.rows, luminance };
}

/** Whether a file starts as IDX files and gzip files do. What cannot be read is none: who reads it next says why. */
async function isIdx(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false; // what comes from a pipe can be read only once
    const file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2)).finally(() => file.close());
    return bytesRead === 2 && ["0000", "1f8b"].includes(buffer.toString("hex"));
  } catch {
    return false;
  }
}
