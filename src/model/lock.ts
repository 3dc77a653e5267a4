import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ConfigurationError } from "../errors.js";

/** Who holds a lock. */
interface Holder {
  pid: number;
  host: string;
  /** When the process started, as the system counts it; null where that is not known. Numbers of processes are used again. */
  started: string | null;
  /** Tells two takers apart. */
  token: string;
}

/** How long another process is given to write a lock, or to claim one that both found deserted, in milliseconds. */
const RIVAL_MS = 100;

/**
 * Keeps a file for this process: `<path>.lock` beside it says who writes there. A lock whose process is gone, killed perhaps, is taken over,
 * and what it left half-written is removed. Released when this process ends, or earlier by the function that is given back.
 *
 * @throws ConfigurationError if another process holds it
 */
export async function lock(path: string): Promise<() => void> {
  const file = `${path}.lock`;
  const me: Holder = { ...(await self()), token: randomBytes(8).toString("hex") };
  if (!(await create(file, me))) {
    const holder = (await holderOf(file)) ?? (await setTimeout(RIVAL_MS).then(() => holderOf(file))); // it may be being written
    if (holder && (await isAlive(holder))) throw inUse(path, holder);
    const mine = `${file}.${me.token}`;
    await create(mine, me);
    await rename(mine, file);
    await setTimeout(RIVAL_MS);
    const winner = await holderOf(file);
    if (winner?.token !== me.token) throw inUse(path, winner);
  }
  await removeParts(path);
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  return () => {
    process.off("exit", release);
    release();
  };
}

/** @returns whether the file was not there before */
async function create(file: string, holder: Holder): Promise<boolean> {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(JSON.stringify(holder)).finally(() => handle.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined if the lock is gone, or was never written to its end. */
async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}

async function self(): Promise<Omit<Holder, "token">> {
  return { pid: process.pid, host: hostname(), started: await startOf(process.pid) };
}

async function isAlive({ pid, host, started }: Holder): Promise<boolean> {
  if (host !== hostname()) return true; // who knows
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return started === (await startOf(pid));
}

/** The 22nd field of /proc/<pid>/stat, where there is such a thing; the second is a name in brackets, which may hold spaces. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/** What runs that were killed left beside the file. */
async function removeParts(path: string): Promise<void> {
  const folder = dirname(path);
  const parts = (await readdir(folder)).filter(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith(".part"),
  );
  await Promise.all(parts.map((name) => rm(join(folder, name), { force: true })));
}

function inUse(path: string, holder: Holder | undefined): ConfigurationError {
  const who = holder
    ? `process ${holder.pid}${holder.host === hostname() ? "" : ` on ${holder.host}`}`
    : "another process";
  const remedy = `wait for it, use another file or, if it is gone, remove ${path}.lock`;
  return new ConfigurationError({
    thing: path,
    expected: "a checkpoint file that no other run writes",
    found: who,
    remedy,
  });
}
