import { access, constants, lstat, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigurationError, DataError, GateError } from "../errors.js";
import type { BenchmarkOptions, Spread } from "../training/benchmark.js";
import type { BenchReport } from "./report/bench.js";

/** What may explain a difference that the program does not: the machine and what runs on it. */
export function differences(baseline: BenchReport, report: BenchReport): string[] {
  const keys = ["cpu", "cores", "platform", "node"] as const;
  return keys
    .filter((key) => baseline[key] !== report[key])
    .map((key) => `${key} ${baseline[key]}, now ${report[key]}`);
}

/** What must be alike for figures to be compared. */
const COMPARED = [
  ...(["layers", "batchSize", "engine", "threads", "activation", "output", "cost"] as const),
  ...(["lambda", "l1", "momentum", "dropout", "maxNorm"] as const),
];

/** The figures of a report that a baseline is compared by. */
const FIGURES = { training: "trainSeconds", evaluation: "evaluateSeconds" } as const;

/**
 * Finds out early whether a report can be kept there.
 *
 * @throws ConfigurationError if not
 */
export async function checkPlace(path: string): Promise<void> {
  const complain = (found: string, cause?: unknown) =>
    new ConfigurationError({ thing: path, expected: "a file in a folder that can be written to", found }, { cause });
  try {
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw complain((cause as Error).message, cause);
  }
  const there = await lstat(path).catch(() => undefined);
  if (there && !there.isFile()) throw complain(there.isDirectory() ? "a folder" : "something that is no regular file");
}

/** Keeps a report in a file. A file of the name is replaced when the new one is whole, or left as it is. */
export async function saveBaseline(path: string, report: BenchReport): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  try {
    const file = await open(part, "wx");
    try {
      await file.writeFile(`${JSON.stringify(report, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * Reads a report that `saveBaseline` kept.
 *
 * @throws DataError if the file is none
 * @throws ConfigurationError if it timed something else
 */
export async function readBaseline(path: string, options: BenchmarkOptions): Promise<BenchReport> {
  const complain = (found: string, cause?: unknown) =>
    new DataError(
      { thing: path, expected: "figures that --save-baseline kept", found, remedy: "save them anew" },
      { cause },
    );
  let report: BenchReport;
  try {
    if (!(await stat(path)).isFile()) throw new Error("something that is no regular file");
    report = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw complain(cause instanceof SyntaxError ? "what is no JSON" : (cause as Error).message, cause);
  }
  if (report?.event !== "bench") throw complain("other JSON");
  for (const key of Object.values(FIGURES)) {
    const { median, lower, upper } = report[key] ?? {};
    if (![median, lower, upper].every((value) => typeof value === "number" && value > 0)) throw complain(`no ${key}`);
  }
  for (const key of COMPARED) {
    const [kept, asked] = [`${report[key]}`, `${options[key]}`];
    if (kept !== asked) {
      throw new ConfigurationError({ thing: path, expected: `figures for ${key} ${asked}`, found: `${key} ${kept}` });
    }
  }
  return report;
}

/**
 * Compares two reports, figure by figure.
 *
 * @throws ConfigurationError if they are of different data
 * @throws GateError if one has become slower by more than `maxSlowdown`, and by more than the noise: the middle halves of the
 *   measured epochs must not overlap
 */
export function checkAgainst(baseline: BenchReport, report: BenchReport, maxSlowdown: number): void {
  for (const key of ["trainingExamples", "testExamples"] as const) {
    if (baseline[key] === report[key]) continue;
    const found = `those of ${baseline[key]}`;
    throw new ConfigurationError({ thing: "baseline", expected: `figures of ${report[key]} ${key}`, found });
  }
  for (const [name, key] of Object.entries(FIGURES)) {
    const [before, now]: Spread[] = [baseline[key], report[key]];
    const slowdown = now.median / before.median - 1;
    if (slowdown <= maxSlowdown || now.lower <= before.upper) continue;
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const ms = ({ median }: Spread) => `${(1000 * median).toPrecision(3)} ms`;
    throw new GateError({
      thing: `${name}, ${ms(now)} an epoch`,
      expected: `at most ${percent(maxSlowdown)} slower than the baseline's ${ms(before)}`,
      found: `${percent(slowdown)} slower`,
    });
  }
}
