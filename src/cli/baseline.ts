import { ConfigurationError, DataError, GateError } from "../errors.js";
import { readFileChecked } from "../files.js";
import type { Spread } from "../training/benchmark.js";
import { flagsWith } from "./flags.js";
import type { BenchOptions, BenchReport } from "./report/bench-report.js";

/** What may explain a difference that the program does not: the machine and what runs on it. */
export function differences(baseline: BenchReport, report: BenchReport): string[] {
  const keys = ["cpu", "cores", "platform", "node"] as const;
  return keys
    .filter((key) => baseline[key] !== report[key])
    .map((key) => `${key} ${baseline[key]}, now ${report[key]}`);
}

/** The flags that must have the same value for figures to be compared. */
const COMPARED = flagsWith(({ baseline }) => baseline === "same") as (keyof BenchOptions)[];

/** The figures of a report that a baseline is compared by. */
const FIGURES = { training: "trainSeconds", evaluation: "evaluateSeconds" } as const;

/** No report is longer. */
const MAX_BYTES = 1 << 20;

/**
 * Reads a report that `--save-baseline` kept.
 *
 * @throws DataError if the file is none
 */
export async function readReport(path: string): Promise<BenchReport> {
  const bytes = await readFileChecked(path, MAX_BYTES);
  const complain = (found: string, cause?: unknown) =>
    new DataError(
      { thing: path, expected: "figures that --save-baseline kept", found, remedy: "save them again" },
      { cause },
    );
  let report: BenchReport;
  try {
    report = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw complain("what is no JSON", cause);
  }
  if (report?.event !== "bench") throw complain("other JSON");
  for (const key of Object.values(FIGURES)) {
    const { median, lower, upper } = report[key] ?? {};
    if (![median, lower, upper].every((value) => typeof value === "number" && value > 0)) throw complain(`no ${key}`);
  }
  return report;
}

/**
 * Reads a report to compare with one of `options`.
 *
 * @throws DataError if the file is none
 * @throws ConfigurationError if it timed something else
 */
export async function readBaseline(path: string, options: BenchOptions): Promise<BenchReport> {
  const report = await readReport(path);
  for (const key of COMPARED) {
    const [kept, asked] = [`${report[key]}`, `${options[key]}`];
    if (kept !== asked) {
      throw new ConfigurationError({ thing: path, expected: `figures for ${key} ${asked}`, found: `${key} ${kept}` });
    }
  }
  return report;
}

/** @throws ConfigurationError if a baseline's data were others than those of `counts` */
export function checkCounts(
  baseline: BenchReport,
  counts: Pick<BenchReport, "trainingExamples" | "testExamples">,
): void {
  const words = { trainingExamples: "training images", testExamples: "test images" } as const;
  for (const [key, images] of Object.entries(words) as [keyof typeof words, string][]) {
    if (baseline[key] === counts[key]) continue;
    const [expected, found] = [counts, baseline].map((report) => `figures of ${report[key]} ${images}`);
    throw new ConfigurationError({
      thing: "baseline",
      expected,
      found,
      remedy: "use the data that it is of, or save another",
    });
  }
}

/**
 * Compares two reports, figure by figure.
 *
 * @throws GateError if one has become slower by more than `maxSlowdown`, and by more than the noise: the middle halves of the
 *   measured epochs must not overlap
 */
export function checkAgainst(baseline: BenchReport, report: BenchReport, maxSlowdown: number): void {
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
