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

/** Reads and checks only the header of an IDX file. @returns [n] for labels, [n, rows, columns] for images */
export async function readDimensions(path: string, kind: Kind): Promise<number[]> {
  return await readIdx(path, kind, undefined, async ({ dimensions }) => dimensions);
}

/**
 * Reads the images of an IDX file, raw or gzip.
 *
 * @throws DataError if the file is missing, cannot be read or is damaged, or if its images do not fit into memory
 */
export async function readImages(path: string, signal?: AbortSignal): Promise<Images> {
  return await readIdx(path, "images", signal, async ({ dimensions: [n, rows, columns], description }, elements) => {
    // A quarter of MNIST's pixels is ink, of two bytes each. The limits are there because a header may promise anything.
    const ink = Math.min(Math.ceil(0.5 * n * rows * columns), 1 << 26);
    try {
      const builder = new ImagesBuilder(rows, columns, Math.min(n, 1 << 20), ink);
      for await (const chunk of elements) builder.append(chunk);
      return builder.build();
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const [expected, remedy] = ["images that fit into memory", "use a smaller data set"];
      throw new DataError({ thing: path, expected, found: description, remedy }, { cause });
    }
  });
}

/** Reads the labels of an IDX file as `readImages` does the images. @returns the class of each image, length n */
export async function readLabels(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  return await readIdx(path, "labels", signal, async (_, elements) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of elements) chunks.push(chunk.slice()); // a chunk is overwritten by the next
    return new Uint8Array(Buffer.concat(chunks));
  });
}

/**
 * Opens an IDX file of unsigned bytes, checks it, and returns what `consume` makes of its header and its elements.
 *
 * IDX: two zero bytes; the element type; the number of dimensions; the size of each dimension as a big-endian uint32; the elements.
 * A header may be wrong, so its numbers are not trusted: a raw file is refused at once if its length differs, and a gzip file if it is too
 * short for them or, while it is read, as soon as its content differs.
 */
async function readIdx<T>(
  path: string,
  kind: Kind,
  signal: AbortSignal | undefined,
  consume: (header: ReturnType<typeof parseHeader>, elements: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const { size, isPacked, chunks, close } = await openFile(path);
  try {
    let start = Buffer.alloc(0);
    while (start.length < 4 + 4 * KINDS[kind].rank) {
      const { value, done } = await chunks.next();
      if (done) break;
      start = Buffer.concat([start, value]);
    }
    const header = parseHeader(path, kind, start);
    const { offset, length, description } = header;
    const wrongLength = (found: string) =>
      new DataError({ thing: path, expected: `${length} bytes for ${description}`, found, remedy: GET_AGAIN });
    if (!isPacked && length !== size) throw wrongLength(`${size}`);
    if (isPacked && length > MAX_INFLATION * size) {
      throw wrongLength(`a gzip file of ${size} bytes, which is too short to hold them`);
    }
    async function* elements() {
      let found = offset;
      for (let chunk = start.subarray(offset); chunk; chunk = (await chunks.next()).value) {
        signal?.throwIfAborted();
        found += chunk.length;
        if (found > length) throw wrongLength(`more than ${length}`);
        yield chunk;
      }
      if (found < length) throw wrongLength(`${found}`);
    }
    return await consume(header, elements());
  } finally {
    await close();
  }
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
