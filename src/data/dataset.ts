/** Loads a data set, and splits its training images as the book does. */
import { ConfigurationError, checkInstance, DataError, inspectValue } from "../errors.js";
import { checkRange, wholeNumber } from "../ranges.js";
import { findFiles, PACKAGE_DATA } from "./folder.js";
import { type IdxFile, openIdx, readImages, readLabels } from "./idx.js";
import type { Images } from "./images.js";
import { VALIDATION } from "./parts.js";

/** Images with their labels. */
export interface Examples {
  images: Images;
  /** The class of each image, length images.length. */
  labels: Uint8Array;
}

/** The three parts of a data set. All images have the same size. */
export interface Dataset {
  training: Examples;
  /** Training images that are held out, for choosing eta and other settings. May be empty. */
  validation: Examples;
  test: Examples;
  /** The largest label + 1. Letters in EMNIST are labelled from 1, so class 0 is empty there. */
  classes: number;
}

export interface DatasetOptions {
  /** The number of training images, taken from the end, that are held out for validation. The default is the book's 10,000. */
  validation?: number;
  /** The number of training images used, counted from the first one. The default is all that are not held out. */
  trainSize?: number;
  /** Ends the reading with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Loads MNIST, or another data set of four IDX files, from a folder, and splits its training images into training and validation.
 *
 * The files are found by their names, see `findFiles`. They are streamed, and only ink is kept, in two bytes per pixel.
 *
 * @throws DataError if a file is missing or damaged, or does not fit the others
 * @throws ConfigurationError if the split leaves nothing to train on, or an argument is not of its type
 */
export async function loadDataset(folder = PACKAGE_DATA, options: DatasetOptions = {}): Promise<Dataset> {
  checkInstance("options", options, Object);
  const { signal } = options;
  if (signal !== undefined) checkInstance("signal", signal, AbortSignal);
  const paths = await findFiles(folder);
  const files: IdxFile[] = [];
  const open: typeof openIdx = async (path, kind) => {
    const file = await openIdx(path, kind);
    files.push(file);
    return file;
  };
  try {
    // All headers are compared before anything is read, because a small gzip file may hold gigabytes.
    const trainFiles = await openPair(open, paths.trainImages, paths.trainLabels);
    const testFiles = await openPair(open, paths.testImages, paths.testLabels);
    const [expected, found] = [trainFiles, testFiles].map(({ images }) => `images of ${sizeOf(images)}`);
    if (found !== expected) throw mismatch(paths.testImages, `${expected}, as in ${paths.trainImages}`, found);
    const training = await readExamples(trainFiles, signal);
    const test = await readExamples(testFiles, signal);
    return {
      ...splitExamples(training, options),
      test,
      classes: 1 + Math.max(largestLabel(training.labels), largestLabel(test.labels)),
    };
  } finally {
    for (const file of files) await file.close();
  }
}

/** The open files of images and of their labels. */
type Pair = { images: IdxFile; labels: IdxFile };

async function openPair(open: typeof openIdx, imagesPath: string, labelsPath: string): Promise<Pair> {
  const images = await open(imagesPath, "images");
  const labels = await open(labelsPath, "labels");
  const [n] = images.dimensions;
  if (labels.dimensions[0] === n) return { images, labels };
  throw mismatch(labelsPath, `${n} labels for the images of ${imagesPath}`, `${labels.dimensions[0]}`);
}

/** The size of the images in a file, such as 28x28. */
function sizeOf({ dimensions: [, rows, columns] }: IdxFile): string {
  return `${rows}x${columns}`;
}

async function readExamples({ images, labels }: Pair, signal?: AbortSignal): Promise<Examples> {
  return { labels: await readLabels(labels, signal), images: await readImages(images, signal) };
}

function mismatch(thing: string, expected: string, found: string): DataError {
  return new DataError({ thing, expected, found, remedy: "take both files from the same data set" });
}

function splitExamples({ images, labels }: Examples, { validation = VALIDATION.default, trainSize }: DatasetOptions) {
  const n = images.length;
  if (!wholeNumber(0, n - 1).includes(validation)) {
    const expected = `a whole number below ${n}, the number of training images`;
    const remedy = "hold out fewer, or 0, so that some are left to train on";
    const found = inspectValue(validation);
    throw new ConfigurationError({ thing: `validation ${validation}`, expected, found, remedy });
  }
  const rest = n - validation;
  if (trainSize !== undefined) {
    const expected = `1 to ${rest}, the number of training images that are not held out for validation`;
    checkRange(`train size ${trainSize}`, trainSize, { ...wholeNumber(1, rest), expected });
  }
  const part = (from: number, to: number) => ({ images: images.slice(from, to), labels: labels.subarray(from, to) });
  return { training: part(0, trainSize ?? rest), validation: part(rest, n) };
}

/** Returns 0 if there are no labels. */
export function largestLabel(labels: Uint8Array): number {
  let largest = 0;
  for (const label of labels) largest = Math.max(largest, label);
  return largest;
}
