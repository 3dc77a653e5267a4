import type { ChalkInstance } from "chalk";
import { PARTS } from "../../data/parts.js";
import { DEFAULTS } from "../../network/hyperparameters.js";
import type { EpochResult } from "../../training/result.js";
import type { Statistics } from "../../training/statistics.js";
import type { Format, RunSettings } from "./format.js";
import type { RunEnd } from "./run-end.js";

/** Lines for people. */
export function human({ bold, dim }: ChalkInstance): Format {
  const rows = (rows: string[][]) => rows.map(([name, text]) => `${bold(name.padEnd(8))} ${text}`);
  return {
    opening(settings) {
      const { version, layers, engine, threads } = settings;
      const run = [...choices(settings), engineName(engine, threads)].join(", ");
      return [`${bold(`bp-train ${version}`)}  ${layers.join(",")}  ${run}`];
    },

    start({ trainingExamples, validationExamples, testExamples }) {
      const counts = [`${count(trainingExamples)} training images`, `${count(testExamples)} test images`];
      if (validationExamples) counts.push(`${count(validationExamples)} held out for validation`);
      return [dim(counts.join(", "))];
    },

    epoch(result, settings) {
      const { correct, total, accuracy, trainSeconds, evaluateSeconds, eta } = result;
      const right = `${correct}`.padStart(`${total}`.length);
      const time = `${(trainSeconds + evaluateSeconds).toFixed(2)} s`;
      const rate = settings.schedule === "constant" ? "" : dim(`   eta ${Number(eta.toPrecision(3))}`);
      const line = `${epochName(result.epoch, settings)}  ${right} / ${total}   ${bold(percent(accuracy))}   ${time}`;
      return [`${line}${rate}${monitored(result)}`];
    },

    run({ seed, accuracy, epochs, bestAccuracy, honestAccuracy }, { runs }) {
      const figures = [accuracyAfter(accuracy, epochs)];
      if (bestAccuracy !== null) figures.push(`best ${percent(bestAccuracy)}`);
      if (honestAccuracy !== null) figures.push(`honest ${percent(honestAccuracy)}`);
      return [`Run of ${runs}, seed ${seed}   ${figures.join(", ")}`];
    },

    statistics: ({ epoch, ...values }, settings) => [`${epochName(epoch, settings)}  ${spread(values, bold)}`],

    end(end, settings) {
      if (end.error !== null) return []; // it stands on standard error
      const accuracies = settings.runs > 1 ? accuraciesOfRuns(end, bold) : accuraciesOfRun(end, dim);
      const lines = [...accuracies];
      const costs = costsOf(end);
      if (costs) lines.push(["Cost", costs]);
      if (end.presetFigure) lines.push(["Preset", presetFigure(end.presetFigure, settings)]);
      if (end.examplesPerSecond !== null) {
        lines.push(["Speed", `${count(end.examplesPerSecond)} examples a second in training`]);
      }
      const seed = settings.runs > 1 ? `${settings.seed} to ${settings.seed + settings.runs - 1}` : `${settings.seed}`;
      lines.push(["Time", `${end.seconds.toFixed(2)} s in all`], ["Seed", seed]);
      if (end.weightsSha256 !== null) lines.push(["Weights", `SHA-256 ${end.weightsSha256}`]);
      return rows(lines);
    },
  };
}

/** What was chosen, as words; what is the book's first choice anyway goes without saying. */
function choices(settings: RunSettings): string[] {
  const { epochs, batchSize, eta, schedule, seed, shuffle, runs, maxNorm, preset, resumedEpochs } = settings;
  const words = preset === null ? [] : [`preset ${preset}`];
  words.push(`${epochs} epoch${epochs === 1 ? "" : "s"}`, `batch ${batchSize}`, `eta ${eta}`);
  const usual = { activation: "sigmoid", output: "sigmoid", init: "gaussian", ...DEFAULTS };
  for (const name of ["activation", "output", "init", "cost", "lambda", "l1", "momentum", "dropout"] as const) {
    const value = settings[name];
    if (value === usual[name]) continue;
    words.push(typeof value === "number" ? `${name} ${value}` : name === "init" ? `${value} start` : value);
  }
  if (maxNorm !== null) words.push(`max-norm ${maxNorm}`);
  if (schedule !== "constant") words.push(`${schedule} schedule`);
  words.push(runs > 1 ? `seeds ${settings.seed} to ${settings.seed + runs - 1}` : `seed ${seed}`);
  if (!shuffle) words.push("not shuffled");
  if (resumedEpochs !== null) words.push(`resumed after ${resumedEpochs}`);
  return words;
}

function epochName(epoch: number, { epochs }: RunSettings): string {
  return `Epoch ${`${epoch}`.padStart(`${epochs}`.length)}/${epochs}`;
}

function monitored({ monitored }: EpochResult): string {
  return PARTS.map((part) => {
    const { accuracy, cost } = monitored[part] ?? {};
    if (accuracy === undefined || cost === undefined) return "";
    return part === "test" ? `   test cost ${figure(cost)}` : `   ${part} ${percent(accuracy)}, cost ${figure(cost)}`;
  }).join("");
}

/** `training 0.1204 (97.10 %), test 0.1432 (96.20 %) after epoch 30` */
function costsOf({ monitored, epochs }: RunEnd): string {
  const parts = PARTS.flatMap((part) => {
    const { accuracy, cost } = monitored[part] ?? {};
    return accuracy === undefined || cost === undefined ? [] : [`${part} ${figure(cost)} (${percent(accuracy)})`];
  });
  return parts.length > 0 ? `${parts.join(", ")} after epoch ${epochs}` : "";
}

/** Last epoch, best on test, test at best validation: side by side, each saying how far to trust it. */
function accuraciesOfRun(end: RunEnd, dim: ChalkInstance): string[][] {
  const lines = [["Final", accuracyAfter(end.accuracy, end.epochs)]];
  const { bestAccuracy, bestEpoch, honestAccuracy, honestEpoch, validationAccuracy } = end;
  if (bestAccuracy !== null) {
    const warning = dim("(chosen on the test images, so it flatters)");
    lines.push(["Best", `${accuracyAfter(bestAccuracy, bestEpoch)} ${warning}`]);
  }
  if (honestAccuracy !== null && validationAccuracy !== null) {
    const reason = dim(`(chosen by validation, ${percent(validationAccuracy)} there, so it is honest)`);
    lines.push(["Honest", `${accuracyAfter(honestAccuracy, honestEpoch)} ${reason}`]);
  }
  if (end.stoppedBy !== null) lines.push(["Stopped", STOPPED[end.stoppedBy]]);
  if (end.keptEpoch !== null && end.keptEpoch !== end.epochs) lines.push(["Kept", `weights of epoch ${end.keptEpoch}`]);
  return lines;
}

const STOPPED = {
  patience: "validation accuracy has stopped improving",
  targetAccuracy: "the target accuracy is reached",
  schedule: "eta has dropped to 1/128",
} as const;

function accuraciesOfRuns({ statistics }: RunEnd, bold: ChalkInstance): string[][] {
  if (!statistics) return [["Final", "no epoch was finished"]];
  const lines = [["Final", `${spread(statistics.accuracy, bold)}, ${statistics.accuracy.count} runs`]];
  if (statistics.honestAccuracy) lines.push(["Honest", spread(statistics.honestAccuracy, bold)]);
  return lines;
}

function presetFigure({ accuracy, on, at, source, own }: NonNullable<RunEnd["presetFigure"]>, { runs }: RunSettings) {
  const where = `${on === "test" ? "test" : "validation"} images, ${at === "last" ? "last epoch" : "best epoch"}`;
  const mine = own === null ? "unknown" : percent(own);
  return `${percent(accuracy)} in ${source}, ${mine} ${runs > 1 ? "on average " : ""}here (${where})`;
}

/** `94.82 % ± 0.21, worst 94.50 %, best 95.15 %` */
function spread({ mean, standardDeviation, worst, best }: Statistics, bold: ChalkInstance): string {
  const deviation = standardDeviation === null ? "" : ` ± ${(100 * standardDeviation).toFixed(2)}`;
  return `${bold(percent(mean))}${deviation}, worst ${percent(worst)}, best ${percent(best)}`;
}

function accuracyAfter(accuracy: number | null, epoch: number | null): string {
  return accuracy === null ? "no epoch was finished" : `${percent(accuracy)} after epoch ${epoch}`;
}

/** `fast`, or `fast x 2` where it has two threads. */
export function engineName(engine: string, threads: number): string {
  return threads > 1 ? `${engine} x ${threads}` : engine;
}

/** 0.9489 as `94.89 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** A cost with four digits. */
function figure(n: number): string {
  return `${Number(n.toPrecision(4))}`;
}

export function count(n: number): string {
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 }).format(n);
}
