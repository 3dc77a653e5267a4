import type { Format } from "./format.js";
import { endOfRun, monitoredOf, type RunEnd } from "./run-end.js";

/** Raised when a key goes or changes its meaning; keys may be added. */
const SCHEMA = 1;

/** One JSON object a line, for programs. */
export const ndjson: Format = {
  opening: () => [],
  start: ({ version, ...run }) => [JSON.stringify({ event: "start", version, schema: SCHEMA, ...run })],
  epoch(result) {
    const { epoch, correct, total, accuracy, trainSeconds, evaluateSeconds, eta } = result;
    const results = { epoch, correct, total, accuracy, trainSeconds, evaluateSeconds, eta };
    return [JSON.stringify({ event: "epoch", ...results, ...monitoredOf(result) })];
  },
  run: (end) => [JSON.stringify({ event: "run", ...end })],
  statistics: (epoch) => [JSON.stringify({ event: "epochStatistics", ...epoch })],
  end: (end) => [endLine(end)],
};

/** The end of a run that was refused before it was one. */
export function refusalLine(error: string): string {
  return endLine({ ...endOfRun("failed", [], null), error });
}

function endLine(end: RunEnd): string {
  return JSON.stringify({ event: "end", ...end });
}
