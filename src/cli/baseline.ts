/** The baseline of `bench`: figures that --save-baseline kept, and how new figures are compared with them. */
import * as v from "valibot";
import { ConfigurationError, GateError } from "../errors.js";
import { readFileChecked } from "../files.js";
import { damaged, excerpt } from "../model/damaged.js";
import { checkValue, parseJson, text, wholeNumber } from "../model/json.js";
import type { Spread } from "../training/benchmark.js";
import { FLAGS, type FlagsOf, flagsWith, MAX_SLOWDOWN } from "./flags.js";
import {
  type BaselineComparison,
  type BenchOptions,
  type BenchReport,
  type FigureComparison,
  ms,
  percent,
  precisePercent,
} from "./report/bench-report.js";

const COMPARED = flagsWith(({ baseline }) => baseline === "same") as (keyof BenchOptions)[];

const MAX_BYTES = 1 << 20;
const positive = v.pipe(v.number("a number"), v.gtValue(0, "a number above 0"));
const spread = v.looseObject({ lower: positive, median: positive, upper: positive }, "an object");

const BASELINE = v.looseObject(
  {
    trainSeconds: spread, // per epoch
    evaluateSeconds: spread, // per evaluation of all test images
    trainRatio: v.nullish(spread), // the times divided by those of the textbook engine, where --relative was given
    evaluateRatio: v.nullish(spread),
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
type FigureName = "trainSeconds" | "evaluateSeconds" | "trainRatio" | "evaluateRatio";

/** @throws DataError if the file is missing or is not a report that --save-baseline kept */
export async function readReport(path: string): Promise<Baseline> {
  const value = parseJson(path, await readFileChecked(path, MAX_BYTES));
  if ((value as { event?: unknown } | null)?.event === "bench") return checkValue(path, BASELINE, value);
  throw damaged(path, "figures that --save-baseline kept", `other JSON, ${excerpt(value)}`);
}

/**
 * Reads the file of --baseline as `readReport` does.
 *
 * @returns undefined if the flag is not given
 * @throws ConfigurationError if the file is of other options, or only one of the file and the new benchmark is `relative`
 */
export async function readBaseline(flags: FlagsOf<"bench">, options: BenchOptions): Promise<Baseline | undefined> {
  const { baseline: path, relative } = flags;
  if (path === undefined) return undefined;
  const report = await readReport(path);
  for (const name of COMPARED) {
    if (name === "simd" && report.simd === undefined) continue; // bp-train had one width when the baseline was kept
    // If the file does not name a setting, the setting did not exist yet, and the benchmark ran with what is the default today.
    const values = [report[name] ?? FLAGS[name].default, options[name]];
    const [found, expected] = values.map((value) => `${name} ${excerpt(value)}`);
    if (found !== expected) throw new ConfigurationError({ thing: path, expected: `figures for ${expected}`, found });
  }
  if (relative === (report.trainRatio != null && report.evaluateRatio != null)) return report;
  const [expected, found] = [relative, !relative].map((is) => `figures measured ${is ? "with" : "without"} --relative`);
  const remedy = relative ? "save the baseline with --relative" : "use --relative here, too";
  throw new ConfigurationError({ thing: path, expected, found, remedy });
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
 * Compares the medians: of the times or, if the textbook engine was measured too, of the ratios. A figure is met if it is slower by at
 * most `maxSlowdown`, or by no more than the noise: the middle halves of the measured epochs overlap.
 *
 * @param baseline  from `readBaseline`, so that it has ratios if the report has them
 */
export function compareWith(baseline: Baseline, report: BenchReport, flags: FlagsOf<"bench">): BaselineComparison {
  const { baseline: file = "", maxSlowdown = MAX_SLOWDOWN } = flags;
  const relative = report.trainRatio !== null;
  const compare = (name: FigureName): FigureComparison => {
    const [before, now] = [baseline[name] as Spread, report[name] as Spread];
    const slowdown = now.median / before.median - 1;
    const met = slowdown <= maxSlowdown || now.lower <= before.upper;
    return { before: before.median, now: now.median, slowdown, met };
  };
  const training = compare(relative ? "trainRatio" : "trainSeconds");
  const evaluation = compare(relative ? "evaluateRatio" : "evaluateSeconds");
  return { file, met: training.met && evaluation.met, relative, maxSlowdown, training, evaluation };
}

/** @throws GateError if a figure is not met */
export function checkMet({ relative, maxSlowdown, training, evaluation }: BaselineComparison): void {
  const value = (median: number) => (relative ? precisePercent(median) : `${ms(median)} ms`);
  for (const [name, { before, now, slowdown, met }] of Object.entries({ training, evaluation })) {
    if (met) continue;
    throw new GateError({
      thing: `${name}, ${value(now)} ${relative ? "of the textbook engine's time" : "per epoch"}`,
      expected: `at most ${percent(maxSlowdown)} slower than the baseline's ${value(before)}`,
      found: `${percent(slowdown)} slower`,
    });
  }
}
