import { PARTS } from "../../data/parts.js";
import type { Evaluation } from "../../training/evaluation.js";
import type { Format } from "./format.js";
import { endOfRun, type RunEnd } from "./run-end.js";

/** Raised when a key goes or changes its meaning; keys may be added. */
const SCHEMA = 1;

/** One JSON object a line, for programs. */
export const ndjson: Format = {
  opening: () => [],
  start: ({ version, ...run }) => [JSON.stringify({ event: "start", version, schema: SCHEMA, ...run })],
  epoch({ epoch, correct, total, accuracy, trainSeconds, evaluateSeconds, eta, monitored }) {
    const parts = PARTS.flatMap((part) => (monitored[part] ? [[part, counts(monitored[part])]] : []));
    const results = { epoch, correct, total, accuracy, trainSeconds, evaluateSeconds, eta };
    return [JSON.stringify({ event: "epoch", ...results, ...Object.fromEntries(parts) })];
  },
  run: (end) => [JSON.stringify({ event: "run", ...end })],
  statistics: (epoch) => [JSON.stringify({ event: "epochStatistics", ...epoch })],
  end: (end) => [endLine(end)],
};

function counts({ correct, total, accuracy, cost }: Evaluation) {
  return { correct, total, accuracy, cost };
}

/** The end of a run that was refused before it was one. */
export function refusalLine(error: string): string {
  return endLine({ ...endOfRun("failed", [], null), error });
}

function endLine(end: RunEnd): string {
  return JSON.stringify({ event: "end", ...end });
}
