/** Reads files in chunks, and inflates those that are gzip. */
import type { FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { DataError } from "../errors.js";
import { asFileError, CHUNK, GET_AGAIN, openRegularFile } from "../files.js";

/** The content of a file is at most this many times longer than its gzip form: deflate cannot do better (zlib's technical notes). */
export const MAX_INFLATION = 1032;

/**
 * Opens a file whose content is read in chunks, inflated if it is gzip. Its first two bytes tell this, not its name.
 *
 * @returns `size` is that of the file itself, in bytes
 * @throws DataError if it is missing, cannot be read, or is not a regular file; and from `chunks`, if it is gzip and damaged
 */
export async function openFile(path: string) {
  const handle = await openRegularFile(path);
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const isPacked = isGzip(buffer);
    const chunks = readChunks(path, handle, isPacked ? size : undefined);
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

/** @param packedSize  the size of a gzip file, undefined for other files */
async function* readChunks(path: string, handle: FileHandle, packedSize?: number): AsyncGenerator<Uint8Array> {
  const file = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK });
  const gunzip = createGunzip({ chunkSize: CHUNK });
  file.on("error", (error) => gunzip.destroy(error));
  try {
    yield* packedSize === undefined ? file : file.pipe(gunzip);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (!code?.startsWith("Z_")) throw asFileError(path, cause);
    const found = `a damaged one (${message})`;
    throw new DataError({ thing: path, expected: "an intact gzip file", found, remedy: GET_AGAIN }, { cause });
  } finally {
    file.destroy();
    gunzip.destroy();
  }
  if (packedSize !== undefined && gunzip.bytesWritten !== packedSize) {
    const found = `${packedSize - gunzip.bytesWritten} other bytes after them`;
    throw new DataError({ thing: path, expected: "gzip data up to the end of the file", found, remedy: GET_AGAIN });
  }
}
