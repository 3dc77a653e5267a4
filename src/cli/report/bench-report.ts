/** What `bp-train bench` prints. */
import type { ChalkInstance } from "chalk";
import type { Benchmark, Spread } from "../../training/benchmark.js";
import type { RunSettings } from "../flag-values.js";
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
}

/** A benchmark as lines for people; with a `comparison`, only what differs from it. */
export function benchLines(report: BenchReport, { bold, dim }: ChalkInstance, comparison?: BenchReport): string[] {
  const { version, layers, batchSize, trainSeconds, evaluateSeconds } = report;
  const title = `${layers.join(",")}, batch ${batchSize}, ${engineName(report)}`;
  const { gflopsDone, gflopsDense, evaluationExamplesPerSecond } = report;
  const rows = [
    ["Training", `${milliseconds(trainSeconds)}   ${count(report.trainingExamplesPerSecond)} examples per second`],
    ["First", `${ms(report.firstEpochSeconds)} ms for the first epoch, warming up`],
    ["", `${gflopsDone.toFixed(1)} GFLOP/s as done, ${gflopsDense.toFixed(1)} as if no pixel were skipped`],
    ["Evaluation", `${milliseconds(evaluateSeconds)}   ${count(evaluationExamplesPerSecond)} examples per second`],
  ];
  if (comparison) {
    const ratio = trainSeconds.median / comparison.trainSeconds.median;
    const other =
      report.engine === comparison.engine ? `${comparison.simd}-bit SIMD` : `the ${comparison.engine} engine`;
    rows.push(["Ratio", `an epoch takes ${ratio.toFixed(2)} times as long as with ${other}`]);
    return [bold(title), ...rows.map(row)];
  }
  rows.push(["Loading", `${report.loadSeconds.toFixed(2)} s`]);
  rows.push(["Memory", `${count(report.peakMemory / 2 ** 20)} MiB at most`]);
  const { cpu, cores, platform, node, v8 } = report;
  const machine = `${cpu}, ${cores} cores, ${platform}, Node ${node}, V8 ${v8}`;
  return [`${bold(`bp-train ${version}`)}  ${title}`, dim(machine), ...rows.map(row)];
}

function row([name, text]: string[]): string {
  return `${name.padEnd(10)} ${text}`;
}

function milliseconds({ median, lower, upper, count }: Spread): string {
  return `${ms(median)} ms per epoch; half of ${count} epochs took ${ms(lower)} to ${ms(upper)} ms`;
}

/** Milliseconds, with three digits. */
export function ms(seconds: number): number {
  return Number((1000 * seconds).toPrecision(3));
}
