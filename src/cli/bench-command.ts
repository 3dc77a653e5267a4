/** `bp-train bench`: times training and evaluation, prints the figures, and compares them with those of a file. */
import { availableParallelism, cpus } from "node:os";
import { loadDataset } from "../data/dataset.js";
import type { SimdWidth } from "../engines/engine.js";
import { ENGINES, type EngineName, simdFor } from "../engines/engines.js";
import { ConfigurationError, escapeControls } from "../errors.js";
import { checkPlace, replaceFile } from "../files.js";
import { benchmark } from "../training/benchmark.js";
import { checkTraining } from "../training/settings.js";
import { checkAgainst, checkCounts, differences, readBaseline, readReport } from "./baseline.js";
import type { Context } from "./context.js";
import { libraryOptions, testedSimd, threadsOf } from "./flag-values.js";
import type { FlagsOf } from "./flags.js";
import { InterruptHandler } from "./interrupt.js";
import { type BenchReport, benchLines } from "./report/bench-report.js";
import { colors } from "./report/style.js";

export async function benchCommand(_: string[], flags: FlagsOf<"bench">, { version, output }: Context): Promise<void> {
  const { layers, activation, output: outputName, engine, maxSlowdown, saveBaseline } = flags;
  checkFlags(flags);
  const network = { layers, activation, output: outputName };
  const warn = (text: string) => process.stderr.write(`${text}\n`);
  const simd = flags.compareSimd ? simdFor(engine, 256) : await testedSimd(flags, warn);
  const options = { ...network, ...libraryOptions(flags), threads: threadsOf(flags).threads, simd };
  const baseline = flags.baseline === undefined ? undefined : await readBaseline(flags.baseline, options);
  if (saveBaseline !== undefined) await checkPlace(saveBaseline, { read: readReport, force: flags.force });
  const interrupts = new InterruptHandler((name) => {
    process.stderr.write(`${name}: stopping; half a benchmark gives no figures\n`);
  });
  const signal = AbortSignal.any([interrupts.signal, output]);
  try {
    const start = performance.now();
    const data = await loadDataset(flags.data, { validation: flags.validation, signal });
    const loadSeconds = (performance.now() - start) / 1000;
    const counts = { trainingExamples: data.training.labels.length, testExamples: data.test.labels.length };
    const measure = async (engine: EngineName, threads: number, simd: SimdWidth | null): Promise<BenchReport> => {
      const of = { ...options, engine, threads, simd };
      const settings = checkTraining({ ...network, sizes: layers }, data, { ...of, simd: simd ?? undefined, signal });
      if (baseline) checkCounts(baseline, counts);
      const figures = await benchmark(data, network, settings);
      const peakMemory = 1024 * process.resourceUsage().maxRSS;
      return { event: "bench", version, ...of, ...counts, ...figures, loadSeconds, peakMemory, ...machine() };
    };
    const narrow = flags.compareSimd ? await measure(engine, options.threads, 128) : undefined;
    if (narrow) print(narrow, flags);
    const report = await measure(engine, options.threads, simd);
    print(report, flags, narrow);
    if (flags.compareEngines) {
      const others = (Object.keys(ENGINES) as EngineName[]).filter((name) => name !== engine);
      for (const other of others) print(await measure(other, 1, simdFor(other)), flags, report);
    }
    if (saveBaseline !== undefined) await replaceFile(saveBaseline, `${JSON.stringify(report, null, 2)}\n`);
    if (!baseline) return;
    for (const difference of differences(baseline, report)) {
      process.stderr.write(`Note: the baseline is of another machine: ${escapeControls(difference)}\n`);
    }
    checkAgainst(baseline, report, maxSlowdown);
  } catch (error) {
    if (error !== signal.reason) throw error;
    if (!output.aborted) process.exitCode = interrupts.exitCode;
  }
}

function checkFlags({ maxSlowdown, baseline, compareSimd, simd }: FlagsOf<"bench">): void {
  if (compareSimd && simd !== "auto") {
    const remedy = "leave one of the two out";
    throw new ConfigurationError({
      thing: "--compare-simd",
      expected: "no --simd beside it",
      found: `--simd ${simd}`,
      remedy,
    });
  }
  if (maxSlowdown === undefined || baseline !== undefined) return;
  const [expected, remedy] = ["a baseline to compare with", "it goes with --baseline"];
  throw new ConfigurationError({ thing: "--max-slowdown", expected, found: "none", remedy });
}

function print(report: BenchReport, flags: FlagsOf<"bench">, comparison?: BenchReport): void {
  const chalk = colors(process.stdout, flags.color);
  const lines = flags.json ? [JSON.stringify(report)] : benchLines(report, chalk, comparison);
  process.stdout.write(`${lines.join("\n")}\n`);
}

function machine() {
  const { node, v8 } = process.versions;
  const cpu = cpus()[0]?.model ?? "unknown";
  return { cpu, cores: availableParallelism(), platform: `${process.platform} ${process.arch}`, node, v8 };
}
