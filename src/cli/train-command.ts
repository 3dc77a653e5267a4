/** `bp-train [options]`: reads the data, trains, reports. */
import type { Command } from "commander";
import type { Dataset } from "../data/dataset.js";
import { PARTS } from "../data/parts.js";
import { ENGINES } from "../engines/engines.js";
import { DivergedError, GateError } from "../errors.js";
import type { RunListener } from "../training/runs.js";
import type { Settings } from "../training/settings.js";
import type { RunState } from "../training/state.js";
import type { Context } from "./context.js";
import { libraryOptions, monitorOf, seedsOf, settingsOf, testedSimd, threadsOf } from "./flag-values.js";
import type { TrainFlags } from "./flags.js";
import { InterruptHandler } from "./interrupt.js";
import { prepare } from "./prepare.js";
import { presetOf } from "./presets.js";
import { SCHEMA } from "./report/events.js";
import { percent } from "./report/human.js";
import { Reporter } from "./report/reporter.js";
import { endAfter, epochFigures, type RunEnd, type Status } from "./report/run-end.js";
import { Tally } from "./report/tally.js";
import type { RunFiles } from "./run-files.js";

/** A command that has begun: what it runs, and where it reports. */
type Session = Awaited<ReturnType<typeof begin>> & { files?: RunFiles };

/** Whatever ends the command, it reports an end; so does a command that is refused before it begins. */
export async function trainCommand(command: Command, { version, output }: Context): Promise<void> {
  const reporter = await Reporter.create(command.opts());
  let session: Session | undefined;
  const endSoFar = (status: Status, error: string | null = null) => {
    if (reporter.hasEnded) return;
    const end = session ? session.tally.endSoFar(status) : endAfter([], status, null);
    reporter.report({ event: "end", ...end, error, settings: session?.settings ?? null });
  };
  const notice = "stopping after the mini-batches in flight; a second one stops at once";
  const interrupts = new InterruptHandler(
    (name) => reporter.report({ event: "note", text: `${name}: ${notice}` }),
    () => endSoFar("interrupted"),
  );
  const signal = AbortSignal.any([interrupts.signal, output]);
  try {
    session = await begin(command, version, reporter, signal);
    const end = await run(session);
    if (output.aborted) return;
    if (end.status === "interrupted") process.exitCode = interrupts.exitCode;
    else checkAccuracy(end, session.flags.minAccuracy);
  } catch (error) {
    if (output.aborted) return; // nobody reads any more
    if (error !== signal.reason) {
      const message = error instanceof Error ? error.message : `${error}`;
      endSoFar(error instanceof DivergedError ? "diverged" : "failed", message);
      throw error;
    }
    process.exitCode = interrupts.exitCode; // interrupted while the data were read
    endSoFar("interrupted");
  } finally {
    session?.files?.close();
    reporter.close();
  }
}

/** Fills in the flags and says what will run. */
async function begin(command: Command, version: string, reporter: Reporter, signal: AbortSignal) {
  const { resumed, model } = await prepare(command);
  const flags = command.opts<TrainFlags>();
  seedsOf(flags); // refuses too large ones before anything is said
  const settings = settingsOf(flags, version, resumed?.state.finished.length ?? null);
  const tally = new Tally(settings, presetOf(flags.preset)?.figure, resumed?.state);
  reporter.report({ event: "opening", ...settings });
  return { resumed, model, flags, settings, tally, reporter, signal };
}

/** Reads the data, trains, and reports all but errors. */
async function run(session: Session): Promise<RunEnd> {
  const { flags, tally, reporter, resumed, model } = session;
  if ((flags.save ?? flags.checkpoint ?? flags.checkpointEvery ?? flags.resume) !== undefined) {
    const { RunFiles } = await import("./run-files.js");
    session.files = await RunFiles.open(flags, session.settings.version);
  }
  const { data, training } = await load(session);
  const { settings, files } = session;
  const { trainRuns } = await import("../training/runs.js");
  const counts = PARTS.map((part) => [`${part}Examples`, data[part].labels.length]);
  reporter.report({ event: "start", schema: SCHEMA, ...settings, ...Object.fromEntries(counts) });
  reporter.report(tally.progress());
  const { layers, activation, output, init } = flags;
  const parameters = resumed?.state.parameters ?? model?.network;
  const runs = await trainRuns(seedsOf(flags), data, {
    start: { layers, activation, output, init, parameters },
    settings: training,
    atATime: threadsOf(flags).atATime,
    listen: (index) => listener(session, index),
    onRun: (run) => {
      const end = tally.addRun(run, data);
      if (flags.runs > 1) reporter.report({ event: "run", ...end });
    },
  });
  const saveError = flags.runs === 1 ? await files?.save(runs[0]) : undefined;
  if (files?.hasFailed) process.exitCode = 1;
  const end = tally.summary();
  if (end.neverPredicted.length > 0) reporter.report({ event: "note", text: lostNeurons(end.neverPredicted) });
  if (flags.runs > 1) for (const event of tally.statistics()) reporter.report(event);
  reporter.report({ event: "end", ...end, settings });
  if (saveError) throw saveError;
  return end;
}

/** Reads the data while the engine's threads start, chooses the width of SIMD instructions, and checks that the data can be trained on. */
async function load(session: Session): Promise<{ data: Dataset; training: Settings }> {
  const { flags, reporter, signal, resumed, files } = session;
  const { loadDataset } = await import("../data/dataset.js"); // loaded now that the first line is out
  const { checkTraining } = await import("../training/settings.js");
  const { threads } = threadsOf(flags);
  await ENGINES[flags.engine].startAhead(threads);
  const { layers, activation, output, validation, trainSize } = flags;
  const data = await loadDataset(flags.data, { validation, trainSize, signal });
  const simd = await testedSimd(flags, (text) => reporter.report({ event: "note", text }));
  session.settings = { ...session.settings, simd };
  files?.begin(data, resumed);
  const training = checkTraining({ sizes: layers, activation, output }, data, {
    ...libraryOptions(flags),
    monitor: monitorOf(flags),
    threads,
    simd: simd ?? undefined,
    resume: resumed?.state,
    signal,
  });
  files?.checkSize(data, training);
  return { data, training };
}

function listener({ flags, tally, reporter, files }: Session, index: number): RunListener {
  const onCheckpoint = async (state: RunState) => {
    const problem = await files?.checkpoint(state);
    if (problem !== undefined) reporter.report({ event: "note", text: problem });
  };
  return {
    onProgress: ({ examples }) => reporter.report(tally.progress(index, examples)),
    onEpoch: (epoch) => {
      tally.addEpoch(index, epoch);
      if (flags.runs === 1) reporter.report({ event: "epoch", ...epochFigures(epoch) });
    },
    onCheckpoint: flags.checkpoint === undefined ? undefined : onCheckpoint,
  };
}

/** @throws GateError if the honest accuracy or, without validation, the last accuracy is below the bound */
function checkAccuracy({ honestAccuracy, accuracy }: RunEnd, least = 0): void {
  const found = honestAccuracy ?? accuracy ?? 0;
  if (found >= least) return;
  const epoch = honestAccuracy === null ? "after the last epoch" : "at the epoch chosen by validation";
  const expected = `at least ${percent(least)} of the test images`;
  throw new GateError({ thing: `accuracy ${epoch}`, expected, found: percent(found) });
}

function lostNeurons(classes: number[]): string {
  const which = classes.length === 1 ? `class ${classes[0]} is` : `classes ${classes.join(", ")} are`;
  const cause = "From starting weights of N(0, 1), or after too large a step, an output neuron can saturate near 0";
  const advice = "try another --seed, a smaller --eta or more --epochs";
  return `Note: ${which} never predicted. ${cause}, where sigma' is so small that it hardly learns again; ${advice}`;
}
