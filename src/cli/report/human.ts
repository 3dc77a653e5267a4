import type { ChalkInstance } from "chalk";
import type { Format } from "./format.js";
import type { RunEnd } from "./run-end.js";

/** Lines for people. */
export function human({ bold, dim }: ChalkInstance): Format {
  return {
    opening({ version, layers, epochs, batchSize, eta, seed, shuffle, engine, threads }) {
      const run = [`${epochs} epoch${epochs === 1 ? "" : "s"}`, `batch ${batchSize}`, `eta ${eta}`, `seed ${seed}`];
      if (!shuffle) run.push("not shuffled");
      return [`${bold(`bp-train ${version}`)}  ${layers.join(",")}  ${run.join(", ")}, ${engineName(engine, threads)}`];
    },

    start({ trainingExamples, validationExamples, testExamples }) {
      const counts = [`${count(trainingExamples)} training images`, `${count(testExamples)} test images`];
      if (validationExamples) counts.push(`${count(validationExamples)} held out for validation`);
      return [dim(counts.join(", "))];
    },

    epoch({ epoch, correct, total, accuracy, trainSeconds, evaluateSeconds }, { epochs }) {
      const number = `${epoch}`.padStart(`${epochs}`.length);
      const right = `${correct}`.padStart(`${total}`.length);
      const time = `${(trainSeconds + evaluateSeconds).toFixed(2)} s`;
      return [`Epoch ${number}/${epochs}  ${right} / ${total}   ${bold(percent(accuracy))}   ${time}`];
    },

    end(end, { seed }) {
      if (end.error !== null) return []; // it stands on standard error
      const rows = [["Final", accuracyAfter(end.accuracy, end.epochs)]];
      if (end.bestAccuracy !== null) {
        const honesty = dim("(chosen on the test images, so it flatters)");
        rows.push(["Best", `${accuracyAfter(end.bestAccuracy, end.bestEpoch)} ${honesty}`]);
      }
      if (end.examplesPerSecond !== null) {
        rows.push(["Speed", `${count(end.examplesPerSecond)} examples a second in training`]);
      }
      rows.push(["Time", `${end.seconds.toFixed(2)} s in all`], ["Seed", `${seed}`]);
      if (end.weightsSha256 !== null) rows.push(["Weights", `SHA-256 ${end.weightsSha256}`]);
      return rows.map(([name, text]) => `${bold(name.padEnd(8))} ${text}`);
    },
  };
}

function accuracyAfter(accuracy: RunEnd["accuracy"], epoch: RunEnd["bestEpoch"]): string {
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

export function count(n: number): string {
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 }).format(n);
}
