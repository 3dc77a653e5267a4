import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { DataError } from "../errors.js";

/** How much of a file is read at a time, in bytes. */
export const CHUNK = 1 << 20;

/** What to do about a damaged file. */
export const GET_AGAIN = "get the file again";

/**
 * Opens a file to read; without waiting, so that a FIFO with no writer cannot hang the run.
 *
 * @throws DataError if it is missing, unreadable or no regular file
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) {
      const remedy = "put the file itself there";
      throw new DataError({ thing: path, expected: "a regular file", found: kindOf(stats), remedy });
    }
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw asFileError(path, error);
  }
}

/** What stands where a regular file should. */
export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  return stats.isFIFO() ? "a FIFO" : "a device or socket";
}

/** An error of the file system as a DataError that says what it means for this file; any other error as it is. */
export function asFileError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DataError || !("code" in error)) return error;
  const because = { cause: error };
  if (error.code === "EACCES" || error.code === "EPERM") {
    const found = "one without read permission";
    const remedy = "allow this user to read it";
    return new DataError({ thing: path, expected: "a readable file", found, remedy }, because);
  }
  if (error.code === "ENOENT" || error.code === "ELOOP") {
    const found = "none, or a link that leads nowhere";
    const remedy = "check the name, and what it links to";
    return new DataError({ thing: path, expected: "a file", found, remedy }, because);
  }
  return new DataError({ thing: path, expected: "a readable file", found: error.message }, because);
}
