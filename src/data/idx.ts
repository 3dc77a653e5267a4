/** Reads images and labels from IDX files, the format of MNIST. */
import { DataError } from "../errors.js";
import { GET_AGAIN } from "../files.js";
import { isGzip, MAX_INFLATION, openFile } from "./gzip.js";
import { type Images, ImagesBuilder } from "./images.js";
import { looksLike } from "./looks-like.js";

/** What a file may hold, with its number of dimensions, the rank. */
const KINDS = {
  images: { rank: 3, content: "images (3 dimensions)" },
  labels: { rank: 1, content: "labels (1 dimension)" },
};
type Kind = keyof typeof KINDS;

/** The element types of the format (LeCun, Cortes and Burges, "The MNIST database"), by the third byte of a file. */
const ELEMENT_TYPES: Record<number, string> = {
  8: "unsigned bytes",
  9: "signed bytes",
  11: "16-bit integers",
  12: "32-bit integers",
  13: "32-bit floats",
  14: "64-bit floats",
};

/** An IDX file that is open for reading, and whose header was checked. */
export interface IdxFile {
  path: string;
  /** [n] for labels, [n, rows, columns] for images. */
  dimensions: readonly number[];
  /** The dimensions in words, for messages. */
  description: string;
  /** The elements in chunks. A chunk is valid until the next one is asked for. @param signal  ends the reading with its reason */
  elements(signal?: AbortSignal): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens an IDX file of unsigned bytes, raw or gzip, and checks its header. The caller closes the file.
 *
 * IDX: two zero bytes; the element type; the number of dimensions; the size of each dimension as a big-endian uint32; the elements.
 * A header may be wrong, so its numbers are not trusted: a raw file is refused at once if its length differs, and a gzip file if it is too
 * short for them or, while it is read, as soon as its content differs.
 *
 * @throws DataError if the file is missing, cannot be read or is damaged; `elements` throws it too
 */
export async function openIdx(path: string, kind: Kind): Promise<IdxFile> {
  const { size, isPacked, chunks, close } = await openFile(path);
  try {
    let start = Buffer.alloc(0);
    while (start.length < 4 + 4 * KINDS[kind].rank) {
      const { value, done } = await chunks.next();
      if (done) break;
      start = Buffer.concat([start, value]);
    }
    const { dimensions, offset, length, description } = parseHeader(path, kind, start);
    const wrongLength = (found: string) =>
      new DataError({ thing: path, expected: `${length} bytes for ${description}`, found, remedy: GET_AGAIN });
    if (!isPacked && length !== size) throw wrongLength(`${size}`);
    if (isPacked && length > MAX_INFLATION * size) {
      throw wrongLength(`a gzip file of ${size} bytes, which is too short to hold them`);
    }
    async function* elements(signal?: AbortSignal) {
      let found = offset;
      for (let chunk = start.subarray(offset); chunk; chunk = (await chunks.next()).value) {
        signal?.throwIfAborted();
        found += chunk.length;
        if (found > length) throw wrongLength(`more than ${length}`);
        yield chunk;
      }
      if (found < length) throw wrongLength(`${found}`);
    }
    return { path, dimensions, description, elements, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Reads the images of an IDX file.
 *
 * @throws DataError if the file is damaged, or if its images do not fit into memory
 */
export async function readImages(file: IdxFile, signal?: AbortSignal): Promise<Images> {
  const { path, dimensions, description } = file;
  const [n, rows, columns] = dimensions;
  // A fifth of MNIST's pixels is ink, of two bytes each. The limits are there because a header may promise anything.
  const ink = Math.min(Math.ceil(0.5 * n * rows * columns), 1 << 26);
  try {
    const builder = new ImagesBuilder(rows, columns, Math.min(n, 1 << 20), ink);
    for await (const chunk of file.elements(signal)) builder.append(chunk);
    return builder.build();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const [expected, remedy] = ["images that fit into memory", "use a smaller data set"];
    throw new DataError({ thing: path, expected, found: description, remedy }, { cause });
  }
}

/** Reads the labels of an IDX file as `readImages` does the images. @returns the class of each image, length n */
export async function readLabels(file: IdxFile, signal?: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.elements(signal)) chunks.push(chunk.slice()); // a chunk is overwritten by the next
  return new Uint8Array(Buffer.concat(chunks));
}

/**
 * @param bytes  the first ones of the file
 * @returns `offset` and `length` are those of the elements and of the whole file in bytes; `description` is for messages
 */
function parseHeader(path: string, kind: Kind, bytes: Buffer) {
  const { rank, content } = KINDS[kind];
  const error = (expected: string, found: string, remedy = GET_AGAIN) =>
    new DataError({ thing: path, expected, found, remedy });
  const file = `an IDX file of ${kind}`;
  if (bytes.length === 0) throw error(file, "an empty file");
  if (isGzip(bytes)) throw error(file, "a gzip file inside a gzip file");
  const [zero0, zero1, type, foundRank] = bytes;
  if (bytes.length < 4 || zero0 !== 0 || zero1 !== 0 || !(type in ELEMENT_TYPES)) throw error(file, looksLike(bytes));
  if (type !== 8) throw error(`${ELEMENT_TYPES[8]} (type 8)`, `${ELEMENT_TYPES[type]} (type ${type})`);
  if (foundRank !== rank) {
    const other = (Object.keys(KINDS) as Kind[]).find((kind) => KINDS[kind].rank === foundRank);
    if (!other) throw error(content, `data of ${foundRank} dimensions`);
    throw error(content, KINDS[other].content, "check whether images and labels were swapped");
  }
  const offset = 4 + 4 * rank;
  if (bytes.length < offset) throw error(`a header of ${offset} bytes`, `${bytes.length}`);
  const dimensions = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const [n, ...size] = dimensions;
  const description = size.length === 0 ? `${n} ${kind}` : `${n} ${kind} of ${size.join("x")}`;
  if (dimensions.includes(0)) throw error("dimensions of 1 or more", description);
  return { dimensions, description, offset, length: dimensions.reduce((product, n) => product * n) + offset };
}
