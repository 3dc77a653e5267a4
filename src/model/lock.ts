/** A lock keeps a second run from writing the checkpoint of a run that is still alive. */

import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { ConfigurationError, OutputError } from "../errors.js";
import { endingsBeside, followLink, removeTemporaryFiles } from "../files.js";

/** The end of a lock file's name: `.<process>-<start>-<random>@<host>.lock`. The file is empty, so it is never half-written. */
const LOCK = /^\.([1-9]\d*)-(\d+)-[0-9a-f]{8}@(.+)\.lock$/;

const HOST = encodeURIComponent(hostname());

/** How often a run looks for other lock files, every 10 ms, while runs that started with it give way. */
const TRIES = 50;

/**
 * Locks a file for this process, until the process ends or the function that is returned is called.
 *
 * Each process puts a lock file of its own beside the file, then looks for those of others, and removes those of dead processes. It holds
 * the lock when there is no other. Two processes cannot miss each other, because each creates its lock file before it looks. Of several
 * that start at once, all but the one whose lock file is first by name give way.
 *
 * A process on another host counts as alive. There is no protection between containers that share a folder and a host name but not their
 * process numbers, nor in network folders that do not show a new file at once.
 *
 * @throws ConfigurationError if another process holds the lock
 * @throws OutputError if the lock file cannot be written
 */
export async function lock(path: string): Promise<() => void> {
  const target = await followLink(path);
  const own = `.${process.pid}-${startOf(process.pid) ?? 0}-${randomBytes(4).toString("hex")}@${HOST}.lock`;
  try {
    writeFileSync(target + own, "", { flag: "wx" });
  } catch (cause) {
    const { message: found } = cause as Error;
    throw new OutputError({ thing: target + own, expected: "to write this file", found }, { cause });
  }
  const release = () => {
    process.off("exit", release);
    remove(target + own);
  };
  process.once("exit", release);
  try {
    await waitUntilAlone(path, target, own);
    await removeTemporaryFiles(target);
    return release;
  } catch (error) {
    release();
    throw error;
  }
}

/** @throws ConfigurationError if a living process has a lock file that comes first by name, or that stays */
async function waitUntilAlone(path: string, target: string, own: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const others = (await endingsBeside(target)).filter((ending) => ending !== own && LOCK.test(ending)).sort();
    for (const dead of others.filter((ending) => !isAlive(ending))) remove(target + dead);
    const first = others.find(isAlive);
    if (first === undefined) return;
    if (first < own || tries === TRIES) throw inUse(path, target, first);
    await setTimeout(10);
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {} // its folder is out of reach, or it belongs to another user
}

function isAlive(lockEnding: string): boolean {
  const [, pid, start, host] = LOCK.exec(lockEnding) ?? [];
  if (host !== HOST) return true;
  try {
    process.kill(Number(pid), 0); // sends no signal
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return [start, undefined].includes(startOf(Number(pid)));
}

/**
 * When a process started, in the system's units: process numbers are used again. Field 22 of /proc/<pid>/stat; field 2 is a name in
 * brackets, which may hold spaces. Empty for a process that has ended (state Z, field 3); undefined where the system does not tell.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : fields[19];
  } catch {
    return undefined;
  }
}

function inUse(path: string, target: string, lockEnding: string): ConfigurationError {
  const [, pid, , host] = LOCK.exec(lockEnding) ?? [];
  const found = `process ${pid}${host === HOST ? "" : ` on ${host}`}`;
  const remedy = `wait for it, use another file or, if it is gone, remove ${target}${lockEnding}`;
  return new ConfigurationError({ thing: path, expected: "a checkpoint file that no other run writes", found, remedy });
}
