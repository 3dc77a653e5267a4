/** `bp-train bench`: times training and evaluation, prints the figures, and compares them with those of a file. */
import { availableParallelism, cpus } from "node:os";
import { type Dataset, loadDataset } from "../data/dataset.js";
import { ENGINES, type EngineName, simdFor } from "../engines/engines.js";
import { ConfigurationError, escapeControls } from "../errors.js";
import { checkPlace, replaceFile } from "../files.js";
import { benchmark } from "../training/benchmark.js";
import { checkTraining } from "../training/settings.js";
import { checkCounts, checkMet, compareWith, differences, readBaseline, readReport } from "./baseline.js";
import type { Context } from "./context.js";
import { libraryOptions, testedSimd, threadsOf } from "./flag-values.js";
import type { FlagsOf } from "./flags.js";
import { InterruptHandler } from "./interrupt.js";
import { type BenchOptions, type BenchReport, benchLines } from "./report/bench-report.js";
import { StatusLine } from "./report/status-line.js";
import { colors } from "./report/style.js";

export async function benchCommand(_: string[], flags: FlagsOf<"bench">, { version, output }: Context): Promise<void> {
  const status = new StatusLine(process.stderr, flags.progress);
  const interrupts = new InterruptHandler(
    (name) => {
      status.clear();
      process.stderr.write(`${name}: stopping; half a benchmark gives no figures\n`);
    },
    () => status.clear(),
  );
  const signal = AbortSignal.any([interrupts.signal, output]);
  try {
    await run(flags, version, status, signal);
  } catch (error) {
    if (error !== signal.reason) throw error;
    if (!output.aborted) process.exitCode = interrupts.exitCode;
  } finally {
    status.clear();
  }
}

async function run(flags: FlagsOf<"bench">, version: string, status: StatusLine, signal: AbortSignal): Promise<void> {
  const { engine, saveBaseline } = flags;
  checkFlags(flags);
  status.show("Reading the data");
  const options = await optionsOf(flags, status);
  const baseline = await readBaseline(flags, options);
  if (saveBaseline !== undefined) await checkPlace(saveBaseline, { read: readReport, force: flags.force });
  const start = performance.now();
  const data = await loadDataset(flags.data, { validation: flags.validation, signal });
  const loadSeconds = (performance.now() - start) / 1000;
  if (baseline) checkCounts(baseline, countsOf(data));
  const session = { version, options, data, loadSeconds, status, signal };
  const print = (report: BenchReport, comparison?: BenchReport) => {
    status.clear();
    const chalk = colors(process.stdout, flags.color);
    const lines = flags.json ? [JSON.stringify(report)] : benchLines(report, chalk, comparison);
    process.stdout.write(`${lines.join("\n")}\n`);
  };
  const narrow = flags.compareSimd ? await measure(session, { simd: 128 }) : undefined;
  if (narrow) print(narrow);
  const report = await measure(session, {}, flags.relative);
  const comparison = baseline ? compareWith(baseline, report, flags) : null;
  print({ ...report, baseline: comparison }, narrow);
  const others = (Object.keys(ENGINES) as EngineName[]).filter((name) => flags.compareEngines && name !== engine);
  for (const other of others) {
    print(await measure(session, { engine: other, threads: 1, simd: simdFor(other) }), report);
  }
  if (saveBaseline !== undefined) await replaceFile(saveBaseline, `${JSON.stringify(report, null, 2)}\n`);
  if (!baseline || !comparison) return;
  for (const difference of differences(baseline, report)) {
    process.stderr.write(`Note: the baseline is of another machine: ${escapeControls(difference)}\n`);
  }
  checkMet(comparison);
}

/** What is measured and compared with a baseline; the width of SIMD instructions is the one that is used. */
async function optionsOf(flags: FlagsOf<"bench">, status: StatusLine): Promise<BenchOptions> {
  const { layers, activation, output, engine } = flags;
  const warn = (text: string) => {
    status.clear();
    process.stderr.write(`${text}\n`);
  };
  const simd = flags.compareSimd ? simdFor(engine, 256) : await testedSimd(flags, warn);
  return { layers, activation, output, ...libraryOptions(flags), threads: threadsOf(flags).threads, simd };
}

interface Session {
  version: string;
  options: BenchOptions;
  data: Dataset;
  loadSeconds: number;
  status: StatusLine;
  signal: AbortSignal;
}

/** Measures the session's options, some of them changed. */
async function measure(
  { version, options, data, loadSeconds, status, signal }: Session,
  changes: Partial<Pick<BenchOptions, "engine" | "threads" | "simd">>,
  relative = false,
): Promise<BenchReport> {
  const measured = { ...options, ...changes };
  const { layers, activation, output, engine, simd } = measured;
  const trained = { ...measured, simd: simd ?? undefined, signal, onProgress: progressOf(engine, status) };
  const settings = checkTraining({ sizes: layers, activation, output }, data, trained);
  const figures = await benchmark(data, { layers, activation, output }, settings, { relative });
  const peakMemory = 1024 * process.resourceUsage().maxRSS;
  const ran = { event: "bench", version, ...measured, ...countsOf(data) } as const;
  return { ...ran, ...figures, loadSeconds, peakMemory, ...machine(), baseline: null };
}

function countsOf({ training, test }: Dataset): Pick<BenchReport, "trainingExamples" | "testExamples"> {
  return { trainingExamples: training.labels.length, testExamples: test.labels.length };
}

/** Shows on the status line which epoch an engine is in. */
function progressOf(engine: EngineName, status: StatusLine) {
  const startTime = performance.now();
  return ({ epoch }: { epoch: number }) => {
    const seconds = (performance.now() - startTime) / 1000;
    status.show(`Timing the ${engine} engine: epoch ${epoch}, ${seconds.toFixed(1)} s`);
  };
}

function checkFlags({ maxSlowdown, baseline, relative, engine, compareSimd, simd }: FlagsOf<"bench">): void {
  if (relative && engine === "textbook") {
    const expected = "an engine to compare with the textbook engine";
    throw new ConfigurationError({ thing: "--relative", expected, found: `--engine ${engine}` });
  }
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

function machine() {
  const { node, v8 } = process.versions;
  const cpu = cpus()[0]?.model ?? "unknown";
  return { cpu, cores: availableParallelism(), platform: `${process.platform} ${process.arch}`, node, v8 };
}
