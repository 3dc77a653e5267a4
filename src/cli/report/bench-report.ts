/** What `bp-train bench` prints. */
import type { ChalkInstance } from "chalk";
import { escapeControls } from "../../errors.js";
import type { Benchmark, Spread } from "../../training/benchmark.js";
import { type RunSettings, valuesInWords } from "../flag-values.js";
import type { FlagsOf, SettingValues } from "../flags.js";
import { count, engineName } from "./human.js";

type SettingFlags = Pick<FlagsOf<"bench">, keyof FlagsOf<"bench"> & keyof SettingValues>;
export type BenchOptions = Omit<SettingFlags, "threads" | "simd"> & Pick<RunSettings, "threads" | "simd">;

/** What `bp-train bench` measured, and what ran it. Times are in seconds; the keys are those of its JSON. */
export interface BenchReport extends Benchmark, BenchOptions {
  event: "bench";
  version: string;
  trainingExamples: number;
  testExamples: number;
  /** The time to read the four files and to encode the images. */
  loadSeconds: number;
  /** The peak of the whole process, in bytes. */
  peakMemory: number;
  cpu: string;
  cores: number;
  platform: string;
  node: string;
  v8: string;
  /** The comparison with the baseline of --baseline; null without one. */
  baseline: BaselineComparison | null;
}

/** How figures compare with those of a baseline. The keys are those of the JSON. */
export interface BaselineComparison {
  file: string;
  /** Whether both figures are met. */
  met: boolean;
  /** Whether ratios to the textbook engine were compared, not times. */
  relative: boolean;
  /** The allowed slowdown, as a share: 0.1 is 10 %. */
  maxSlowdown: number;
  training: FigureComparison;
  evaluation: FigureComparison;
}

/** `before` and `now` are medians. The slowdown is the share by which the median has grown, below 0 if the figure has become faster. */
export type FigureComparison = { before: number; now: number; slowdown: number; met: boolean };

/** A benchmark as lines for people. With a `comparison`, which was printed before, the machine, loading and memory are left out. */
export function benchLines(report: BenchReport, { bold, dim }: ChalkInstance, comparison?: BenchReport): string[] {
  const { version, layers, trainSeconds, evaluateSeconds } = report;
  const words = valuesInWords({ ...report, eta: undefined }); // the learning rate does not change the times
  const title = [layers.join(","), ...words, engineName(report)].join(", ");
  const { gflopsDone, gflopsDense, evaluationExamplesPerSecond } = report;
  const rows = [
    ["Training", `${milliseconds(trainSeconds)}   ${count(report.trainingExamplesPerSecond)} examples per second`],
    ["First", `${ms(report.firstEpochSeconds)} ms for the first epoch, warming up`],
    ["", `${gflopsDone.toFixed(1)} GFLOP/s as done, ${gflopsDense.toFixed(1)} as if no pixel were skipped`],
    ["Evaluation", `${milliseconds(evaluateSeconds)}   ${count(evaluationExamplesPerSecond)} examples per second`],
  ];
  if (comparison) rows.push(["Ratio", ratioText(report, comparison)]);
  if (report.trainRatio && report.evaluateRatio) {
    rows.push(["Relative", `training takes ${ratios(report.trainRatio)}`]);
    rows.push(["", `evaluation takes ${ratios(report.evaluateRatio)}`]);
  }
  if (!comparison) {
    rows.push(["Loading", `${report.loadSeconds.toFixed(2)} s`]);
    rows.push(["Memory", `${count(report.peakMemory / 2 ** 20)} MiB at most`]);
  }
  if (report.baseline) rows.push(...baselineRows(report.baseline));
  if (comparison) return [bold(title), ...rows.map(row)];
  const { cpu, cores, platform, node, v8 } = report;
  const machine = `${cpu}, ${cores} cores, ${platform}, Node ${node}, V8 ${v8}`;
  return [`${bold(`bp-train ${version}`)}  ${title}`, dim(machine), ...rows.map(row)];
}

/** How much longer an epoch takes than with the other engine, or with the other width of the same engine. */
function ratioText({ engine, trainSeconds }: BenchReport, comparison: BenchReport): string {
  const ratio = trainSeconds.median / comparison.trainSeconds.median;
  const other = engine === comparison.engine ? `${comparison.simd}-bit SIMD` : `the ${comparison.engine} engine`;
  return `an epoch takes ${ratio.toFixed(2)} times as long as with ${other}`;
}

function baselineRows({ file, met, relative, maxSlowdown, training, evaluation }: BaselineComparison): string[][] {
  const change = ({ slowdown, met }: FigureComparison) => {
    const noise = met && slowdown > maxSlowdown ? " (within the noise)" : "";
    return `${percent(Math.abs(slowdown))} ${slowdown > 0 ? "slower" : "faster"}${noise}`;
  };
  const changes = `training ${change(training)}, evaluation ${change(evaluation)} than ${escapeControls(file)};`;
  const measure = relative ? ", relative to the textbook engine" : "";
  return [
    ["Baseline", `${met ? "met" : "missed"}: ${changes}`],
    ["", `at most ${percent(maxSlowdown)} slower is allowed${measure}`],
  ];
}

function row([name, text]: string[]): string {
  return `${name.padEnd(10)} ${text}`;
}

function milliseconds({ median, lower, upper, count }: Spread): string {
  return `${ms(median)} ms per epoch; half of ${count} epochs took ${ms(lower)} to ${ms(upper)} ms`;
}

function ratios({ median, lower, upper, count }: Spread): string {
  const [middle, low, high] = [median, lower, upper].map(precisePercent);
  return `${middle} of the textbook's time; half of ${count} epochs took ${low} to ${high}`;
}

/** 0.04178 as `4.18 %`. */
export function precisePercent(value: number): string {
  return `${Number((100 * value).toPrecision(3))} %`;
}

/** 0.1034 as `10.3 %`. */
export function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** Milliseconds, with three digits. */
export function ms(seconds: number): number {
  return Number((1000 * seconds).toPrecision(3));
}
