import { availableParallelism, cpus } from "node:os";
import { loadDataset } from "../data/dataset.js";
import { printable } from "../errors.js";
import { checkPlace, replaceFile } from "../files.js";
import { type BenchmarkOptions, benchmark } from "../training/benchmark.js";
import { checkTraining } from "../training/options.js";
import { type Baseline, checkAgainst, checkCounts, differences, readBaseline, readReport } from "./baseline.js";
import type { BenchFlags } from "./flags.js";
import { InterruptHandler } from "./interrupt.js";
import { type BenchReport, benchLines } from "./report/bench-report.js";
import { colors } from "./report/style.js";
import { modelOf, resolveThreads } from "./settings.js";

/**
 * `bp-train bench`: times training and evaluation, prints the figures, and compares them with kept ones.
 *
 * @param output  fires when standard output takes no more
 */
export async function runBench(flags: BenchFlags, version: string, output: AbortSignal): Promise<void> {
  const { engine } = flags;
  const options = { ...modelOf(flags), engine, threads: resolveThreads(flags).threads };
  const baseline = flags.baseline === undefined ? undefined : await readBaseline(flags.baseline, options);
  if (flags.saveBaseline !== undefined) {
    await checkPlace(flags.saveBaseline, { read: readReport, force: flags.force });
  }
  const interrupts = new InterruptHandler(
    (name) => process.stderr.write(`${name}: stopping; half a benchmark gives no figures\n`),
    () => {},
  );
  const signal = AbortSignal.any([interrupts.signal, output]);
  try {
    const start = performance.now();
    const data = await loadDataset(flags.data, { validation: flags.validation, signal });
    const loadSeconds = (performance.now() - start) / 1000;
    checkTraining({ ...options, sizes: options.layers }, data, options);
    const counts = { trainingExamples: data.training.labels.length, testExamples: data.test.labels.length };
    if (baseline) checkCounts(baseline, counts);
    const measure = async (options: BenchmarkOptions): Promise<BenchReport> => ({
      event: "bench",
      version,
      ...options,
      ...counts,
      ...(await benchmark(data, { ...options, signal })),
      loadSeconds,
      peakMemory: 1024 * process.resourceUsage().maxRSS,
      ...machine(),
    });
    const report = await measure(options);
    print(report, flags);
    if (flags.compareEngines) {
      const other = await measure({ ...options, ...(engine === "fast" ? TEXTBOOK : FAST) });
      print(other, flags, report);
    }
    if (flags.saveBaseline !== undefined) {
      await replaceFile(flags.saveBaseline, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (baseline) compare(baseline, report, flags.maxSlowdown);
  } catch (error) {
    if (error !== signal.reason) throw error;
    if (!output.aborted) process.exitCode = interrupts.exitCode;
  }
}

/** @throws GateError if the report is slower than the baseline allows */
function compare(baseline: Baseline, report: BenchReport, maxSlowdown: number): void {
  for (const difference of differences(baseline, report)) {
    process.stderr.write(`Note: the baseline is of another machine: ${printable(difference)}\n`);
  }
  checkAgainst(baseline, report, maxSlowdown);
}

const TEXTBOOK = { engine: "textbook", threads: 1 } as const;
const FAST = { engine: "fast", threads: 1 } as const;

function print(report: BenchReport, flags: BenchFlags, comparison?: BenchReport): void {
  const lines = flags.json
    ? [JSON.stringify(report)]
    : benchLines(report, colors(process.stdout, flags.color), comparison);
  process.stdout.write(`${lines.join("\n")}\n`);
}

function machine() {
  const { node, v8 } = process.versions;
  const cpu = cpus()[0]?.model ?? "unknown";
  return { cpu, cores: availableParallelism(), platform: `${process.platform} ${process.arch}`, node, v8 };
}
