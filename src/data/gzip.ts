import type { FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { DataError } from "../errors.js";
import { CHUNK, GET_AGAIN } from "../files.js";

/** A gzip file is at most so many times smaller than what it holds: deflate can do no better (zlib's technical notes). */
export const LARGEST_INFLATION = 1032;

/** Whether a file that starts with these bytes is gzip. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/**
 * What a gzip file of `size` bytes holds, in chunks.
 *
 * @throws DataError if it is damaged, cut short, or followed by anything else
 */
export async function* inflatedChunks(path: string, handle: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  const file = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK });
  const gunzip = createGunzip({ chunkSize: CHUNK });
  file.on("error", (error) => gunzip.destroy(error));
  try {
    yield* file.pipe(gunzip);
    if (gunzip.bytesWritten !== size) {
      const found = `${size - gunzip.bytesWritten} bytes after it`;
      throw new DataError({ thing: path, expected: "one gzip stream and nothing else", found, remedy: GET_AGAIN });
    }
  } catch (error) {
    throw asGzipError(path, error);
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

/** An error of zlib as a DataError that says what it means for this file; any other error as it is. */
function asGzipError(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!code?.startsWith("Z_")) return error;
  const [expected, found] =
    code === "Z_BUF_ERROR"
      ? ["a whole gzip file", "one cut short"]
      : ["a sound gzip file", `a damaged one (${message})`];
  return new DataError({ thing: path, expected, found, remedy: GET_AGAIN }, { cause: error });
}
