/** Reads files in chunks, and inflates those that are gzip. */
import type { FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { DataError } from "../errors.js";
import { asFileError, CHUNK, GET_AGAIN, openRegularFile } from "../files.js";

/** The content of a file is at most this many times longer than its gzip form: deflate cannot do better (zlib's technical notes). */
export const MAX_INFLATION = 1032;

/** The number of bytes that are read when a file is opened: enough for the header of an IDX file. */
const START = 1 << 16;

/** A file that is open for reading. */
export interface OpenFile {
  /** The size of the file itself, in bytes. */
  size: number;
  /** Whether the file is gzip. Its first two bytes tell this, not its name. */
  isPacked: boolean;
  /** The content of the file, inflated if it is gzip. A chunk is valid until the next one is asked for. */
  chunks: AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a file whose content is read in chunks.
 *
 * @throws DataError if it is missing, cannot be read, or is not a regular file; and from `chunks`, if it is gzip and damaged
 */
export async function openFile(path: string): Promise<OpenFile> {
  const handle = await openRegularFile(path);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(START), 0, START, 0);
    const start = buffer.subarray(0, bytesRead);
    const isPacked = isGzip(start);
    const chunks = isPacked ? inflatedChunks(path, handle, size) : rawChunks(path, handle, start);
    const close = async () => {
      await chunks.return(undefined);
      await handle.close();
    };
    return { size, isPacked, chunks, close };
  } catch (error) {
    await handle.close();
    throw asFileError(path, error);
  }
}

/** Whether a file that starts with these bytes is gzip. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** @param start  the first bytes of the file, which are the first chunk */
async function* rawChunks(path: string, handle: FileHandle, start: Uint8Array): AsyncGenerator<Uint8Array> {
  yield start;
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  try {
    for (let position = start.length; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw asFileError(path, cause);
  }
}

async function* inflatedChunks(path: string, handle: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  const file = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK });
  const gunzip = createGunzip({ chunkSize: CHUNK });
  file.on("error", (error) => gunzip.destroy(error));
  try {
    yield* file.pipe(gunzip);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (!code?.startsWith("Z_")) throw asFileError(path, cause);
    const found = `a damaged one (${message})`;
    throw new DataError({ thing: path, expected: "an intact gzip file", found, remedy: GET_AGAIN }, { cause });
  } finally {
    file.destroy();
    gunzip.destroy();
  }
  if (gunzip.bytesWritten !== size) {
    const found = `${size - gunzip.bytesWritten} other bytes after them`;
    throw new DataError({ thing: path, expected: "gzip data up to the end of the file", found, remedy: GET_AGAIN });
  }
}
