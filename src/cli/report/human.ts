/** The form of output for people. */
import type { ChalkInstance } from "chalk";
import { PARTS } from "../../data/parts.js";
import type { Statistics } from "../../training/statistics.js";
import { STOP_REASONS } from "../../training/stopping.js";
import { type RunSettings, settingsInWords } from "../flag-values.js";
import type { Form, RunEvent } from "./events.js";
import type { EpochFigures, RunEnd } from "./run-end.js";

export function human(chalk: ChalkInstance): Form {
  let settings: RunSettings; // of the opening, which comes first
  return (event) => {
    switch (event.event) {
      case "opening": {
        settings = event;
        const { version, layers } = event;
        const words = [...settingsInWords(event), engineName(event)].join(", ");
        return [`${chalk.bold(`bp-train ${version}`)}  ${layers.join(",")}  ${words}`];
      }
      case "start": {
        const counts = [`${count(event.trainingExamples)} training images`, `${count(event.testExamples)} test images`];
        if (event.validationExamples) counts.push(`${count(event.validationExamples)} held out for validation`);
        return [chalk.dim(counts.join(", "))];
      }
      case "epoch":
        return [epochLine(event, settings, chalk)];
      case "run":
        return [runLine(event, settings)];
      case "epochStatistics":
        return [`${epochName(event.epoch, settings)}  ${spread(event, chalk.bold)}`];
      case "end":
        return endLines(event, chalk);
      default:
        return []; // an event that only programs are told
    }
  };
}

/** `Epoch  1/30   8955 / 10000   89.55 %   0.07 s` */
function epochLine(epoch: EpochFigures, settings: RunSettings, { bold, dim }: ChalkInstance): string {
  const { correct, total, accuracy, trainSeconds, evaluateSeconds, eta } = epoch;
  const right = `${correct}`.padStart(`${total}`.length);
  const time = `${(trainSeconds + evaluateSeconds).toFixed(2)} s`;
  const rate = settings.schedule === "constant" ? "" : dim(`   eta ${Number(eta.toPrecision(3))}`);
  const monitored = PARTS.map((part) => {
    const { accuracy, cost } = epoch[part] ?? {};
    if (accuracy === undefined || cost === undefined) return "";
    return `   ${part} ${part === "test" ? "" : `${percent(accuracy)}, `}cost ${costText(cost)}`;
  });
  const line = `${epochName(epoch.epoch, settings)}  ${right} / ${total}   ${bold(percent(accuracy))}   ${time}`;
  return `${line}${rate}${monitored.join("")}`;
}

function runLine({ seed, accuracy, epochs, bestAccuracy, honestAccuracy }: RunEnd, { runs }: RunSettings): string {
  const figures = [accuracyAfter(accuracy, epochs)];
  if (bestAccuracy !== null) figures.push(`best ${percent(bestAccuracy)}`);
  if (honestAccuracy !== null) figures.push(`honest ${percent(honestAccuracy)}`);
  return `Run of ${runs}, seed ${seed}   ${figures.join(", ")}`;
}

function endLines(end: Extract<RunEvent, { event: "end" }>, { bold, dim }: ChalkInstance): string[] {
  const { settings, examplesPerSecond: speed, presetResult, weightsSha256 } = end;
  if (settings === null || end.error !== null) return []; // the error is on standard error
  const { runs, seed } = settings;
  const rows = runs > 1 ? accuraciesOfRuns(end, bold) : accuraciesOfRun(end, dim);
  const costs = PARTS.flatMap((part) => {
    const { accuracy, cost } = end.monitored[part] ?? {};
    return accuracy === undefined || cost === undefined ? [] : `${part} ${costText(cost)} (${percent(accuracy)})`;
  });
  if (costs.length > 0) rows.push(["Cost", `${costs.join(", ")} after epoch ${end.epochs}`]);
  if (presetResult) rows.push(["Preset", presetText(presetResult, runs)]);
  if (speed !== null) rows.push(["Speed", `${count(speed)} examples per second in training`]);
  rows.push(["Time", `${end.seconds.toFixed(2)} s in all`]);
  rows.push(["Seed", runs > 1 ? `${seed} to ${seed + runs - 1}` : `${seed}`]);
  if (weightsSha256 !== null) rows.push(["Weights", `SHA-256 ${weightsSha256}`]);
  return rows.map(([name, text]) => `${bold(name.padEnd(8))} ${text}`);
}

/** The accuracies after the last, the best and the honest epoch, each with how far to trust it. */
function accuraciesOfRun(end: RunEnd, dim: ChalkInstance): string[][] {
  const rows = [["Final", accuracyAfter(end.accuracy, end.epochs)]];
  const { bestAccuracy, bestEpoch, honestAccuracy, honestEpoch, validationAccuracy } = end;
  if (bestAccuracy !== null) {
    const warning = dim("(chosen on the test images, so it flatters)");
    rows.push(["Best", `${accuracyAfter(bestAccuracy, bestEpoch)} ${warning}`]);
  }
  if (honestAccuracy !== null && validationAccuracy !== null) {
    const reason = dim(`(chosen by validation, ${percent(validationAccuracy)} there, so it is honest)`);
    rows.push(["Honest", `${accuracyAfter(honestAccuracy, honestEpoch)} ${reason}`]);
  }
  if (end.stoppedBy !== null) rows.push(["Stopped", STOP_REASONS[end.stoppedBy]]);
  if (end.keptEpoch !== null && end.keptEpoch !== end.epochs) rows.push(["Kept", `weights of epoch ${end.keptEpoch}`]);
  return rows;
}

function accuraciesOfRuns({ statistics }: RunEnd, bold: ChalkInstance): string[][] {
  if (!statistics) return [["Final", "no epoch was finished"]];
  const rows = [["Final", `${spread(statistics.accuracy, bold)}, ${statistics.accuracy.count} runs`]];
  if (statistics.honestAccuracy) rows.push(["Honest", spread(statistics.honestAccuracy, bold)]);
  return rows;
}

function presetText({ expected, actual, on, at, source }: NonNullable<RunEnd["presetResult"]>, runs: number): string {
  const here = actual === null ? "unknown" : percent(actual);
  const average = runs > 1 ? "on average " : "";
  return `${percent(expected)} in ${source}, ${here} ${average}here (${on} images, ${at} epoch)`;
}

function epochName(epoch: number, { epochs }: RunSettings): string {
  return `Epoch ${`${epoch}`.padStart(`${epochs}`.length)}/${epochs}`;
}

function accuracyAfter(accuracy: number | null, epoch: number | null): string {
  return accuracy === null ? "no epoch was finished" : `${percent(accuracy)} after epoch ${epoch}`;
}

/** `94.82 % ± 0.21, worst 94.50 %, best 95.15 %` */
function spread({ mean, standardDeviation, worst, best }: Statistics, bold: ChalkInstance): string {
  const deviation = standardDeviation === null ? "" : ` ± ${(100 * standardDeviation).toFixed(2)}`;
  return `${bold(percent(mean))}${deviation}, worst ${percent(worst)}, best ${percent(best)}`;
}

/** `fast`, or `fast x 2, 256-bit` if it has two threads and uses SIMD instructions of 256 bits. */
export function engineName({ engine, threads, simd }: Pick<RunSettings, "engine" | "threads" | "simd">): string {
  const name = threads > 1 ? `${engine} x ${threads}` : engine;
  return simd === 256 ? `${name}, 256-bit` : name;
}

/** 0.9489 as `94.89 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function costText(cost: number): string {
  return `${Number(cost.toPrecision(4))}`;
}

/** Writes 50000 as `50,000`. It does without `toLocaleString`, whose first call takes 9 ms, because it loads the rules of many languages. */
export function count(n: number): string {
  return n.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Writes 56000 as `56K` and 1234567 as `1.2M`. It does without `Intl.NumberFormat`, which takes 20 ms to make. */
export function compactCount(n: number): string {
  const rounded = Number(n.toPrecision(2));
  if (rounded >= 1e6) return `${rounded / 1e6}M`;
  return rounded >= 1e3 ? `${rounded / 1e3}K` : `${rounded}`;
}
