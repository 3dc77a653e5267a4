/** The baseline of `bench`: figures that --save-baseline kept, and how new figures are compared with them. */
import * as v from "valibot";
import { ConfigurationError, GateError } from "../errors.js";
import { readFileChecked } from "../files.js";
import { damaged, excerpt } from "../model/damaged.js";
import { checkValue, parseJson, text, wholeNumber } from "../model/json.js";
import { flagsWith, MAX_SLOWDOWN } from "./flags.js";
import { type BenchOptions, type BenchReport, ms } from "./report/bench-report.js";

const COMPARED = flagsWith(({ baseline }) => baseline === "same") as (keyof BenchOptions)[];

const MAX_BYTES = 1 << 20;
const seconds = v.pipe(v.number("a number"), v.gtValue(0, "a number above 0"));
const spread = v.looseObject({ lower: seconds, median: seconds, upper: seconds }, "an object");

const BASELINE = v.looseObject(
  {
    trainSeconds: spread, // per epoch
    evaluateSeconds: spread, // per evaluation of all test images
    trainingExamples: wholeNumber(1),
    testExamples: wholeNumber(1),
    cpu: text,
    cores: wholeNumber(1),
    platform: text,
    node: text,
  },
  "figures that --save-baseline kept",
);
export type Baseline = v.InferOutput<typeof BASELINE>;

/** @throws DataError if the file is missing or is not a report that --save-baseline kept */
export async function readReport(path: string): Promise<Baseline> {
  const value = parseJson(path, await readFileChecked(path, MAX_BYTES));
  if ((value as { event?: unknown } | null)?.event === "bench") return checkValue(path, BASELINE, value);
  throw damaged(path, "figures that --save-baseline kept", `other JSON, ${excerpt(value)}`);
}

/** Reads a report as `readReport` does. @throws ConfigurationError if it is of other options */
export async function readBaseline(path: string, options: BenchOptions): Promise<Baseline> {
  const report = await readReport(path);
  for (const name of COMPARED) {
    if (name === "simd" && report.simd === undefined) continue; // bp-train had one width when the baseline was kept
    const [found, expected] = [report[name], options[name]].map((value) => `${name} ${excerpt(value)}`);
    if (found !== expected) throw new ConfigurationError({ thing: path, expected: `figures for ${expected}`, found });
  }
  return report;
}

/** @throws ConfigurationError if a baseline was measured on other numbers of images than `counts` */
export function checkCounts(baseline: Baseline, counts: Pick<BenchReport, "trainingExamples" | "testExamples">): void {
  for (const name of ["trainingExamples", "testExamples"] as const) {
    if (baseline[name] === counts[name]) continue;
    const images = name.replace("Examples", " images");
    const [expected, found] = [counts, baseline].map((report) => `figures of ${report[name]} ${images}`);
    const remedy = "use the data of the baseline, or save another baseline";
    throw new ConfigurationError({ thing: "baseline", expected, found, remedy });
  }
}

/** Lists what may explain a difference other than the program: the machine and the version of Node. */
export function differences(baseline: Baseline, report: BenchReport): string[] {
  const changed = (["cpu", "cores", "platform", "node"] as const).filter((name) => baseline[name] !== report[name]);
  return changed.map((name) => `${name} ${baseline[name]}, now ${report[name]}`);
}

/**
 * @throws GateError if a figure has become slower by more than `maxSlowdown`, and by more than the noise: the middle halves of the
 *   measured epochs must not overlap
 */
export function checkAgainst(baseline: Baseline, report: BenchReport, maxSlowdown = MAX_SLOWDOWN): void {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const names = { training: "trainSeconds", evaluation: "evaluateSeconds" } as const;
  for (const [figure, name] of Object.entries(names)) {
    const [before, now] = [baseline[name], report[name]];
    const slowdown = now.median / before.median - 1;
    if (slowdown <= maxSlowdown || now.lower <= before.upper) continue;
    throw new GateError({
      thing: `${figure}, ${ms(now.median)} ms per epoch`,
      expected: `at most ${percent(maxSlowdown)} slower than the baseline's ${ms(before.median)} ms`,
      found: `${percent(slowdown)} slower`,
    });
  }
}
