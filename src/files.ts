import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { access, type FileHandle, lstat, open, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigurationError, DataError, OutputError } from "./errors.js";

/**
 * Writes a file so that whoever reads it finds the old or the new one, never a piece, whatever happens to the process or the
 * machine: beside its place, synced, then renamed. A link is followed; a file that is replaced hands its mode on.
 *
 * @throws OutputError if it cannot be written
 */
export async function replaceFile(path: string, content: string | Iterable<string | Uint8Array>): Promise<void> {
  try {
    const target = await followLink(path);
    const mode = await stat(target).then(
      ({ mode }) => mode & 0o7777,
      () => undefined,
    );
    const part = partOf(target);
    const file = await open(part, "wx", mode);
    try {
      try {
        if (mode !== undefined) await file.chmod(mode); // open leaves out what the umask forbids
        await writeFile(file, content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, target);
    } catch (error) {
      await rm(part, { force: true }).catch(() => {}); // the first error tells more
      throw error;
    }
    await syncFolder(dirname(target));
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    throw new OutputError({ thing: path, expected: "to write this file", found: cause.message }, { cause });
  }
}

/**
 * Finds out early whether `replaceFile` can write there: tries with an empty file beside it, which is removed again.
 *
 * @param isOurs  whether the file that is there is of the kind that would replace it
 * @param force   replaces a file of any kind
 * @throws ConfigurationError if not, or if a file of another kind would be lost
 */
export async function checkPlace(
  path: string,
  { isOurs, force = false }: { isOurs: (path: string) => Promise<boolean>; force?: boolean },
): Promise<void> {
  const complain = (found: string, cause?: unknown) =>
    new ConfigurationError({ thing: path, expected: "a file in a folder that can be written to", found }, { cause });
  try {
    const target = await followLink(path);
    const there = await stat(target).catch(() => undefined);
    if (there && !there.isFile()) throw complain(kindOf(there));
    if (there) await access(target, constants.W_OK);
    const part = partOf(target);
    await (await open(part, "wx")).close();
    await rm(part, { force: true }); // the run that keeps this place may have taken it for a killed one's
    if (!there || force) return;
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause;
    const { code = "", message } = cause as NodeJS.ErrnoException;
    throw complain(PROBLEMS[code] ?? message, cause);
  }
  if (await isOurs(path)) return;
  const expected = "no file there, or one of the kind that would replace it";
  const remedy = "use another name, or replace it with --force";
  throw new ConfigurationError({ thing: path, expected, found: "a file of another kind", remedy });
}

/** An `isOurs` for files whose kind is known by reading them. */
export function readableBy(read: (path: string) => Promise<unknown>): (path: string) => Promise<boolean> {
  return (path) =>
    read(path).then(
      () => true,
      (error) => {
        if (error instanceof DataError) return false;
        throw error;
      },
    );
}

const PROBLEMS: Record<string, string> = {
  ENOENT: "no such folder, or a link that leads nowhere",
  ENOTDIR: "something that is no folder",
  EACCES: "no permission to write",
  EPERM: "no permission to write",
  EROFS: "a file system that is read-only",
};

/**
 * The bytes of a file, for readers that trust nothing in it.
 *
 * @throws DataError if it is missing, unreadable, no regular file or longer than `maxBytes`
 */
export async function readFileChecked(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) {
      throw new DataError({ thing: path, expected: `at most ${maxBytes} bytes`, found: `${size}` });
    }
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let length = 0; length < size; ) {
      const { bytesRead } = await file.read(bytes, length, Math.min(CHUNK, size - length), length);
      if (bytesRead === 0) return bytes.subarray(0, length); // it was cut short just now
      length += bytesRead;
    }
    return bytes;
  } catch (error) {
    throw asFileError(path, error);
  } finally {
    await file.close();
  }
}

/** The file that a link leads to, so that the link stays. */
export async function followLink(path: string): Promise<string> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  return isThere ? realpath(path) : path;
}

/** Whether two paths, in folders that are there, lead to the same file, which need not be there yet. */
export async function areSamePlace(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map(followLink));
  return basename(one) === basename(other) && (await realpath(dirname(one))) === (await realpath(dirname(other)));
}

/**
 * A name beside `target` for a file that is not whole yet. Process numbers come back, in containers at once, so chance keeps it
 * apart from what a killed run left.
 */
function partOf(target: string): string {
  return `${target}.${process.pid}-${randomBytes(4).toString("hex")}.part`;
}

/** Removes what runs that were killed while they wrote `target` left beside it. Not while another process may write it. */
export async function removeParts(target: string): Promise<void> {
  const [folder, name] = [dirname(target), basename(target)];
  const isPart = (other: string) =>
    other.startsWith(name) && /^\.\d+-[0-9a-f]{8}\.part$/.test(other.slice(name.length));
  const parts = (await readdir(folder)).filter(isPart);
  await Promise.all(parts.map((part) => rm(join(folder, part), { force: true })));
}

/** Makes a rename outlast a power cut, where folders can be synced; the file is whole in any case. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {}
}

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
