/** Whole files: they are read with distrust, and a file is replaced only when its new content is complete on the disk. */
import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname } from "node:path";
import { ConfigurationError, DataError, OutputError } from "./errors.js";

/** The number of bytes that are read or written at a time. */
export const CHUNK = 1 << 20;

/** The remedy for a damaged file. */
export const GET_AGAIN = "get the file again";

/** Reads a whole file. @throws DataError if it is missing, unreadable, not a regular file or longer than `maxBytes` */
export async function readFileChecked(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    const expected = `at most ${maxBytes} bytes`;
    if (size > maxBytes) throw new DataError({ thing: path, expected, found: `${size}` });
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let length = 0; length < size; ) {
      const { bytesRead } = await file.read(bytes, length, Math.min(CHUNK, size - length), length);
      if (bytesRead === 0) return bytes.subarray(0, length); // another process has just shortened the file
      length += bytesRead;
    }
    return bytes;
  } catch (error) {
    throw asFileError(path, error);
  } finally {
    await file.close();
  }
}

/** Opens a file for reading. @throws DataError if it is missing, unreadable or not a regular file */
export async function openRegularFile(path: string): Promise<fs.FileHandle> {
  try {
    const stats = await fs.stat(path);
    if (!stats.isFile()) {
      const remedy = "put the file itself there";
      throw new DataError({ thing: path, expected: "a regular file", found: kindOf(stats), remedy });
    }
    return await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK); // else a FIFO without a writer would block
  } catch (error) {
    throw asFileError(path, error);
  }
}

/** Turns an error of the file system into a DataError that says what it means for this file. Any other error stays as it is. */
export function asFileError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DataError || !("code" in error)) return error;
  const dataError = (expected: string, found: string, remedy?: string) =>
    new DataError({ thing: path, expected, found, remedy }, { cause: error });
  if (error.code === "EACCES" || error.code === "EPERM") {
    return dataError("a readable file", "one without read permission", "allow this user to read it");
  }
  if (error.code === "ENOENT" || error.code === "ELOOP") {
    return dataError("a file", "none, or a link that leads nowhere", "check the name, and what it links to");
  }
  return dataError("a readable file", error.message);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  return stats.isFIFO() ? "a FIFO" : "a device or socket";
}

/**
 * Writes a file so that every reader finds the complete old file or the complete new one, even if the process is killed or the
 * machine loses power: the content goes into a temporary file in the same folder, is synced to the disk, and the temporary file is
 * renamed. Follows a symbolic link and keeps it. The new file gets the permissions of the old one.
 *
 * @throws OutputError if the file cannot be written; then the old file is still there
 */
export async function replaceFile(path: string, content: string | Iterable<string | Uint8Array>): Promise<void> {
  try {
    const target = await followLink(path);
    const old = await fs.stat(target).catch(() => undefined);
    const mode = old && old.mode & 0o7777;
    const temporary = temporaryName(target);
    try {
      await fs.writeFile(temporary, content, { flag: "wx", mode, flush: true });
      if (mode !== undefined) await fs.chmod(temporary, mode); // the umask may have removed permissions
      await fs.rename(temporary, target);
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => {}); // the first error tells more than this one would
      throw error;
    }
    // Makes the rename survive a power cut, where folders can be synced. Without it, the old file may come back.
    const folder = fs.open(dirname(target), "r");
    await folder.then((handle) => handle.sync().finally(() => handle.close())).catch(() => {});
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    throw new OutputError({ thing: path, expected: "to write this file", found: cause.message }, { cause });
  }
}

/**
 * Checks in advance whether `replaceFile` can write to this path: creates an empty temporary file in the same folder, and removes it.
 *
 * @param read   reads a file of the kind that is to be written, and throws a DataError if the file is of another kind
 * @param force  allows to replace a file of any kind
 * @throws ConfigurationError if the path cannot be written to, or a file of another kind would be lost
 */
export async function checkPlace(
  path: string,
  { read, force = false }: { read: (path: string) => Promise<unknown>; force?: boolean },
): Promise<void> {
  const expected = "a file in a folder that can be written to";
  try {
    const target = await followLink(path);
    const old = await fs.stat(target).catch(() => undefined);
    if (old && !old.isFile()) throw new ConfigurationError({ thing: path, expected, found: kindOf(old) });
    if (old) await fs.access(target, constants.W_OK);
    const temporary = temporaryName(target);
    await (await fs.open(temporary, "wx")).close();
    await fs.rm(temporary, { force: true }); // another run may have removed it: see `removeTemporaryFiles`
    if (old && !force) await read(path);
  } catch (cause) {
    if (cause instanceof DataError) {
      const expected = "no file there, or one of the kind that would replace it";
      const remedy = "use another name, or replace it with --force";
      throw new ConfigurationError({ thing: path, expected, found: "a file of another kind", remedy }, { cause });
    }
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new ConfigurationError({ thing: path, expected, found: WRITE_PROBLEMS[code] ?? message }, { cause });
  }
}

const WRITE_PROBLEMS: Record<string, string> = {
  ENOENT: "no such folder, or a link that leads nowhere",
  ENOTDIR: "something that is not a folder",
  EACCES: "no permission to write",
  EPERM: "no permission to write",
  EROFS: "a file system that is read-only",
};

/** The file that a symbolic link leads to, or the path itself if it is not a link. */
export async function followLink(path: string): Promise<string> {
  const exists = await fs.lstat(path).catch(() => undefined);
  return exists ? fs.realpath(path) : path;
}

/** Whether two paths lead to the same file. The file need not exist yet, but the folders must. */
export async function areSamePlace(a: string, b: string): Promise<boolean> {
  const [fileA, fileB] = await Promise.all([a, b].map(followLink));
  const [folderA, folderB] = await Promise.all([fileA, fileB].map((file) => fs.realpath(dirname(file))));
  return folderA === folderB && basename(fileA) === basename(fileB);
}

/** A name in the folder of `target`. It is random because process numbers are used again, in containers even at once. */
function temporaryName(target: string): string {
  return `${target}.${process.pid}-${randomBytes(4).toString("hex")}.part`;
}

/** Removes the temporary files of runs that were killed while they wrote `target`. No other process may be writing it. */
export async function removeTemporaryFiles(target: string): Promise<void> {
  const endings = (await endingsBeside(target)).filter((ending) => /^\.\d+-[0-9a-f]{8}\.part$/.test(ending));
  await Promise.all(endings.map((ending) => fs.rm(target + ending, { force: true })));
}

/** For each file in the folder of `target` whose name begins with the name of `target`: the rest of its name. */
export async function endingsBeside(target: string): Promise<string[]> {
  const name = basename(target);
  const entries = await fs.readdir(dirname(target), { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.startsWith(name));
  return files.map((file) => file.name.slice(name.length));
}
