import { ConfigurationError, checkInstance, DataError, shown } from "../errors.js";
import { findFiles, PACKAGE_DATA } from "./folder.js";
import { IdxFile, type IdxKind } from "./idx.js";
import { type Images, ImagesBuilder } from "./images.js";

/** Images and what they show. */
export interface Examples {
  images: Images;
  /** The class of each image, length images.length. */
  labels: Uint8Array;
}

/** The examples of a data set by the part that they play in a run. All share their images' size. */
export interface Dataset {
  training: Examples;
  /** Held out from the training images, for choosing eta and its like; may be empty. */
  validation: Examples;
  test: Examples;
  /** The largest label + 1. Letters in EMNIST are labelled from 1, so that class 0 is empty there. */
  classes: number;
}

export interface DatasetOptions {
  /** How many training images, the last ones, are held out for validation; 10,000, as in the book. */
  validation?: number;
  /** How many of the rest are used, the first ones; all. */
  trainSize?: number;
  /** Ends the reading with the signal's reason. */
  signal?: AbortSignal;
}

/** Room made for ink at first: what MNIST takes, a quarter of its pixels at two bytes each; never more than this many bytes. */
const FIRST_ROOM = { perPixel: 0.5, most: 1 << 26 };

/**
 * Reads a folder with the four IDX files of MNIST or any set of that shape, and splits the training images.
 *
 * The files are found by their names, see `findFiles`, and streamed; only ink is kept in memory, two bytes a pixel of it.
 *
 * @throws DataError if a file is missing, or not sound, or does not fit the others
 * @throws ConfigurationError if the split leaves nothing to train on, or there is no path
 */
export async function loadDataset(folder = PACKAGE_DATA, options: DatasetOptions = {}): Promise<Dataset> {
  checkInstance("options", options, Object);
  if (options.signal !== undefined) checkInstance("signal", options.signal, AbortSignal);
  const paths = await findFiles(folder);
  const files: IdxFile[] = [];
  try {
    const opened = async (path: string, kind: IdxKind) => {
      const file = await IdxFile.open(path, kind);
      files.push(file);
      return file;
    };
    const trainImages = await opened(paths.trainImages, "images");
    const trainLabels = await opened(paths.trainLabels, "labels");
    const testImages = await opened(paths.testImages, "images");
    const testLabels = await opened(paths.testLabels, "labels");
    checkCounts(trainImages, trainLabels);
    checkCounts(testImages, testLabels);
    checkImageSizes(trainImages, testImages);
    const { signal } = options;
    const labels = await readLabels(trainLabels, signal);
    const test = { labels: await readLabels(testLabels, signal), images: await readImages(testImages, signal) };
    const images = await readImages(trainImages, signal);
    checkSplit(images.length, options); // last, so that broken data are told of first
    return split({ images, labels }, test, options);
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

function checkCounts(images: IdxFile, labels: IdxFile): void {
  if (images.length === labels.length) return;
  throw new DataError({
    thing: labels.path,
    expected: `${images.length} labels for the images of ${images.path}`,
    found: `${labels.length}`,
    remedy: "take both files from one set",
  });
}

function checkImageSizes(training: IdxFile, test: IdxFile): void {
  const size = ({ dimensions: [, rows, columns] }: IdxFile) => `${rows}x${columns}`;
  if (size(training) === size(test)) return;
  throw new DataError({
    thing: test.path,
    expected: `images of ${size(training)}, as in ${training.path}`,
    found: `images of ${size(test)}`,
    remedy: "take both files from one set",
  });
}

const BOOK_VALIDATION = 10_000;

function checkSplit(images: number, { validation = BOOK_VALIDATION, trainSize }: DatasetOptions): void {
  const rest = images - validation;
  if (!(Number.isInteger(validation) && validation >= 0 && rest > 0)) {
    throw new ConfigurationError({
      thing: `validation ${validation}`,
      expected: `a whole number below ${images}, the number of training images`,
      found: rest > 0 ? shown(validation) : "nothing left to train on",
      remedy: "hold out fewer, or 0",
    });
  }
  if (trainSize !== undefined && !(Number.isInteger(trainSize) && trainSize >= 1 && trainSize <= rest)) {
    throw new ConfigurationError({
      thing: `train size ${trainSize}`,
      expected: `1 to ${rest}, the training images that are not held out for validation`,
      found: shown(trainSize),
    });
  }
}

async function readLabels(file: IdxFile, signal?: AbortSignal): Promise<Uint8Array> {
  let labels = new Uint8Array(Math.min(file.length, file.fileSize));
  let count = 0;
  for await (const chunk of file.read()) {
    signal?.throwIfAborted();
    if (count + chunk.length > labels.length)
      labels = extended(labels, Math.min(file.length, 2 * (count + chunk.length)));
    labels.set(chunk, count);
    count += chunk.length;
  }
  return labels.subarray(0, count);
}

function extended(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}

/** @throws DataError if the file is not sound, or holds more than fits into memory */
export async function readImages(file: IdxFile, signal?: AbortSignal): Promise<Images> {
  const [n, rows, columns] = file.dimensions;
  const room = Math.min(FIRST_ROOM.perPixel * n * rows * columns, FIRST_ROOM.most);
  try {
    const builder = new ImagesBuilder(rows, columns, Math.min(n, 1 << 20), Math.ceil(room));
    for await (const chunk of file.read()) {
      signal?.throwIfAborted();
      builder.append(chunk);
    }
    return builder.build();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const complaint = { thing: file.path, expected: "images that fit into memory", found: file.description };
    throw new DataError({ ...complaint, remedy: "use a smaller set" }, { cause });
  }
}

function split(training: Examples, test: Examples, options: DatasetOptions): Dataset {
  const { validation = BOOK_VALIDATION, trainSize } = options;
  const n = training.labels.length;
  const rest = n - validation;
  const part = (from: number, to: number) => ({
    images: training.images.slice(from, to),
    labels: training.labels.subarray(from, to),
  });
  return {
    training: part(0, trainSize ?? rest),
    validation: part(rest, n),
    test,
    classes: 1 + Math.max(largestLabel(training.labels), largestLabel(test.labels)),
  };
}

export function largestLabel(labels: Uint8Array): number {
  let largest = 0;
  for (const label of labels) if (label > largest) largest = label;
  return largest;
}
