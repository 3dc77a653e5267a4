import type { FileHandle } from "node:fs/promises";
import { DataError } from "../errors.js";
import { asFileError, CHUNK, GET_AGAIN, openRegularFile } from "../files.js";
import { inflatedChunks, isGzip, LARGEST_INFLATION } from "./gzip.js";
import { looksLike } from "./looks-like.js";

const KINDS = {
  images: { dimensions: 3, describe: ([n, rows, columns]: number[]) => `${n} images of ${rows}x${columns}` },
  labels: { dimensions: 1, describe: ([n]: number[]) => `${n} labels` },
} as const;
export type IdxKind = keyof typeof KINDS;

/** The element types of the format (LeCun, Cortes and Burges, "The MNIST database"), by the third byte of the magic number. */
const ELEMENT_TYPES: Record<number, string> = {
  8: "unsigned bytes",
  9: "signed bytes",
  11: "16-bit integers",
  12: "32-bit integers",
  13: "32-bit floats",
  14: "64-bit floats",
};

/**
 * An IDX file of unsigned bytes, raw or gzip (told by its first two bytes), open and with its header checked.
 *
 * IDX: two zero bytes, the element type, the number of dimensions; each dimension as a big-endian uint32; the elements. Nothing
 * is allocated for what the header claims: a raw file has exactly the length that its header gives, or is refused here, and a
 * gzip file is refused while it is read, as soon as it differs.
 */
export class IdxFile {
  readonly #handle: FileHandle;
  readonly #chunks: AsyncGenerator<Uint8Array>;
  /** Elements that came along with the header. */
  #first: Uint8Array;

  private constructor(
    readonly path: string,
    readonly kind: IdxKind,
    /** The size of the file itself, in bytes. */
    readonly fileSize: number,
    /** [n] for labels, [n, rows, columns] for images. */
    readonly dimensions: number[],
    handle: FileHandle,
    chunks: AsyncGenerator<Uint8Array>,
    first: Uint8Array,
  ) {
    this.#handle = handle;
    this.#chunks = chunks;
    this.#first = first;
  }

  /** @throws DataError if `path` is no readable regular file with the header, and if raw the length, of such an IDX file */
  static async open(path: string, kind: IdxKind): Promise<IdxFile> {
    const handle = await openRegularFile(path);
    try {
      const { size } = await handle.stat();
      const magic = Buffer.alloc(2);
      await handle.read(magic, 0, 2, 0);
      const isPacked = isGzip(magic);
      const chunks = isPacked ? inflatedChunks(path, handle, size) : rawChunks(handle);
      const headerLength = 4 + 4 * KINDS[kind].dimensions;
      const start = await atLeast(headerLength, chunks);
      const dimensions = parseHeader(path, kind, start);
      const length = headerLength + elements(dimensions);
      if (isPacked ? length > LARGEST_INFLATION * size : length !== size) {
        throw wrongLength(path, kind, dimensions, isPacked ? `a gzip file of ${size}, too short for that` : `${size}`);
      }
      return new IdxFile(path, kind, size, dimensions, handle, chunks, start.subarray(headerLength));
    } catch (error) {
      await handle.close();
      throw asFileError(path, error);
    }
  }

  /** How many images or labels the file holds. */
  get length(): number {
    return this.dimensions[0];
  }

  /** The part of a message that tells what the header promises, such as `60000 images of 28x28`. */
  get description(): string {
    return KINDS[this.kind].describe(this.dimensions);
  }

  /**
   * The elements in order, in chunks, once. A chunk is valid until the next is asked for.
   *
   * @throws DataError if there are fewer or more than the header promises, or the gzip data are damaged
   */
  async *read(): AsyncGenerator<Uint8Array> {
    const expected = elements(this.dimensions);
    const headerLength = 4 + 4 * this.dimensions.length;
    let found = 0;
    const wrong = (what: string) => wrongLength(this.path, this.kind, this.dimensions, what);
    try {
      for (let chunk: Uint8Array | undefined = this.#first; chunk; chunk = (await this.#chunks.next()).value) {
        found += chunk.length;
        if (found > expected) throw wrong(`more than ${headerLength + expected}`);
        yield chunk;
      }
      if (found < expected) throw wrong(`${headerLength + found}`);
    } catch (error) {
      throw asFileError(this.path, error);
    } finally {
      this.#first = new Uint8Array(0);
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
    await this.#handle.close();
  }
}

async function* rawChunks(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The first chunks of a stream, joined until they hold `length` bytes; fewer only if the stream has no more. */
async function atLeast(length: number, chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(0);
  while (bytes.length < length) {
    const { value, done } = await chunks.next();
    if (done) break;
    bytes = bytes.length === 0 ? value : Buffer.concat([bytes, value]);
  }
  return bytes;
}

function elements(dimensions: number[]): number {
  return dimensions.reduce((product, n) => product * n, 1);
}

/** Reads the dimensions from the first bytes of a file, or says what is wrong with them. */
function parseHeader(path: string, kind: IdxKind, bytes: Uint8Array): number[] {
  const { dimensions: rank } = KINDS[kind];
  const complain = (expected: string, found: string, remedy = GET_AGAIN) =>
    new DataError({ thing: path, expected, found, remedy });
  if (bytes.length === 0) throw complain(`an IDX file of ${kind}`, "an empty file");
  if (isGzip(bytes)) throw complain(`an IDX file of ${kind}`, "a gzip file inside a gzip file");
  const [zero0, zero1, type, found] = bytes;
  if (bytes.length < 4 || zero0 !== 0 || zero1 !== 0 || !(type in ELEMENT_TYPES)) {
    throw complain(`an IDX file of ${kind}`, looksLike(bytes));
  }
  if (type !== 8) throw complain(`${ELEMENT_TYPES[8]} (type 8)`, `${ELEMENT_TYPES[type]} (type ${type})`);
  if (found !== rank) {
    const other = (Object.keys(KINDS) as IdxKind[]).find((k) => KINDS[k].dimensions === found);
    const what = `${found} dimension${found === 1 ? "" : "s"}`;
    if (!other) throw complain(`${kind}, ${rank} dimension${rank === 1 ? "" : "s"}`, what);
    throw complain(`${kind}`, `${other}, ${what}`, "were images and labels swapped?");
  }
  if (bytes.length < 4 + 4 * rank) throw complain(`a header of ${4 + 4 * rank} bytes`, `${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (elements(dimensions) === 0) throw complain(`${kind}`, `${KINDS[kind].describe(dimensions)}`);
  return dimensions;
}

function wrongLength(path: string, kind: IdxKind, dimensions: number[], found: string): DataError {
  const expected = `${4 + 4 * dimensions.length + elements(dimensions)} bytes for ${KINDS[kind].describe(dimensions)}`;
  return new DataError({ thing: path, expected, found, remedy: GET_AGAIN });
}
