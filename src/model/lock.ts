import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { ConfigurationError, OutputError } from "../errors.js";
import { followLink, removeParts } from "../files.js";
import { isObject } from "./json.js";

/** Who holds a lock. */
interface Holder {
  pid: number;
  host: string;
  /** When the process started, as the system counts it; null where that is not known. Numbers of processes are used again. */
  started: string | null;
  /** Tells two takers apart: 16 hexadecimal digits. */
  token: string;
}

/** How every lock begins, also one that was not written to its end. */
const BEGINNING = '{"pid":';

/** How long another process is given to write what it has just created, in milliseconds. */
const WRITE_MS = 100;

/**
 * Keeps a file for this process: `<path>.lock` beside it, or beside what a link leads to, says who writes there. A lock whose process is
 * gone, killed perhaps, is taken over, and what it left half-written is removed. Released when this process ends, or earlier by the function
 * that is given back.
 *
 * @throws ConfigurationError if another process holds it, or if a file of that name is no lock
 * @throws OutputError if it cannot be written
 */
export async function lock(path: string): Promise<() => void> {
  const target = await followLink(path);
  const file = `${target}.lock`;
  const token = randomBytes(8).toString("hex");
  await take(file, { pid: process.pid, host: hostname(), started: startOf(process.pid), token }, path);
  const release = () => {
    try {
      if (holderOf(file)?.token === token) rmSync(file, { force: true });
    } catch {} // it is another's by now, or its folder is out of reach
  };
  process.once("exit", release);
  await removeParts(target);
  return () => {
    process.off("exit", release);
    release();
  };
}

/**
 * Creates the lock, or takes over a deserted one. Only one process may take it over: the one that holds a second lock, named after the
 * dead holder's token, which is taken in the same way and then renamed to the first. Whoever comes too late finds another holder there.
 */
async function take(file: string, me: Holder, path: string): Promise<void> {
  if (create(file, me)) return;
  if (holderOf(file) === null) await setTimeout(WRITE_MS);
  const holder = holderOf(file);
  if (holder && isAlive(holder)) throw inUse(path, file, holder);
  if (holder !== undefined) {
    const claim = `${file}.${holder?.token ?? "torn"}`;
    await take(claim, me, path);
    const now = holderOf(file);
    if (now !== undefined && now?.token === holder?.token) return renameSync(claim, file);
    rmSync(claim);
  }
  await take(file, me, path); // it has changed hands, or is free by now
}

/** @returns whether the file was not there before */
function create(file: string, holder: Holder): boolean {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    rmSync(file, { force: true }); // what of it went onto a full disk
    throw new OutputError({ thing: file, expected: "to write this file", found: message }, { cause });
  }
}

/**
 * Undefined if there is no lock, null if it was not written to its end.
 *
 * @throws ConfigurationError if there is something else, which is somebody's and must not be lost
 */
function holderOf(file: string): Holder | null | undefined {
  let text: string;
  try {
    if (!lstatSync(file).isFile()) throw noLock(file); // such as a link that leads nowhere, or a FIFO
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error instanceof ConfigurationError ? error : noLock(file, error);
  }
  if (!BEGINNING.startsWith(text.slice(0, BEGINNING.length))) throw noLock(file);
  try {
    const holder: unknown = JSON.parse(text);
    const isWhole = isObject(holder) && /^[0-9a-f]{16}$/.test(`${holder.token}`) && Number(holder.pid) > 0;
    return isWhole ? (holder as unknown as Holder) : null;
  } catch {
    return null;
  }
}

function noLock(file: string, cause?: unknown): ConfigurationError {
  const found = "something else of that name";
  const remedy = "give the checkpoint another name";
  return new ConfigurationError({ thing: file, expected: "no file, or the lock of a run", found, remedy }, { cause });
}

function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true; // who knows
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return started === startOf(pid);
}

/**
 * The 22nd field of /proc/<pid>/stat, where there is such a thing; the second is a name in brackets, which may hold spaces. Null for a
 * process that has ended (Z, the third) and waits only for its parent to ask how.
 */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : fields[19];
  } catch {
    return null;
  }
}

function inUse(path: string, file: string, { pid, host }: Holder): ConfigurationError {
  const found = `process ${pid}${host === hostname() ? "" : ` on ${host}`}`;
  const remedy = `wait for it, use another file or, if it is gone, remove ${file}`;
  return new ConfigurationError({ thing: path, expected: "a checkpoint file that no other run writes", found, remedy });
}
