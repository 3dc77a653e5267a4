/** A lock keeps a second run from writing the checkpoint of a run that is still alive. */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { ConfigurationError, OutputError } from "../errors.js";
import { endingsBeside, followLink, removeTemporaryFiles } from "../files.js";

/** The end of a lock file's name: `.<process>-<start>-<random>@<host>.lock`. The file is empty, so it is never half-written. */
const LOCK = /^\.([1-9]\d*)-(\d+)-[0-9a-f]{8}@(.+)\.lock$/;

const HOST = encodeURIComponent(hostname()) || "unnamed";

/** How often a run looks whether the others that have a lock file give way, every 10 ms. */
const TRIES = 50;

/**
 * Locks a file for this process, until the process ends or the function that is returned is called.
 *
 * Each process creates a lock file of its own beside the file, then looks for those of others. It removes those of dead processes, and
 * holds the lock if there is no other. Because a process first creates its lock file and then looks, two cannot both miss each other. Of
 * several that start at once, all but the one whose lock file comes first by name give way.
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
  const release = () => {
    process.off("exit", release);
    remove(target + own);
  };
  try {
    writeFileSync(target + own, "", { flag: "wx" });
  } catch (cause) {
    const { message: found } = cause as Error;
    throw new OutputError({ thing: target + own, expected: "to write this file", found }, { cause });
  }
  process.once("exit", release);
  try {
    await waitUntilAlone(path, target, own);
    await removeTemporaryFiles(target);
    return release;
  } catch (cause) {
    release();
    if (!(cause as NodeJS.ErrnoException).code) throw cause;
    const { message: found } = cause as Error;
    throw new ConfigurationError({ thing: path, expected: "a folder whose files can be listed", found }, { cause });
  }
}

/** @throws ConfigurationError if another living process holds the lock, or comes first by name */
async function waitUntilAlone(path: string, target: string, own: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const others = (await endingsBeside(target)).filter((ending) => ending !== own && LOCK.test(ending)).sort();
    for (const dead of others.filter((other) => !isAlive(other))) remove(target + dead);
    const first = others.find(isAlive);
    if (first === undefined) return;
    if (first < own || tries === TRIES) {
      const [, pid, , host] = LOCK.exec(first) ?? [];
      const expected = "a checkpoint file that no other run writes";
      const found = `process ${pid}${host === HOST ? "" : ` on ${host}`}`;
      const remedy = `wait for it, use another file or, if it is gone, remove ${target}${first}`;
      throw new ConfigurationError({ thing: path, expected, found, remedy });
    }
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
    process.kill(Number(pid), 0); // sends no signal, and fails if there is no such process
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return [start, undefined].includes(startOf(Number(pid)));
}

/**
 * When a process started, in the system's units, because process numbers are used again: field 22 of /proc/<pid>/stat, of which field 2
 * is a name in brackets that may hold spaces. Undefined where the system does not tell, empty for a process that has ended (state Z).
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : fields[19];
  } catch {} // the system does not tell
}
