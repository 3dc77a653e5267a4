import type { Format } from "./format.js";
import type { RunEnd } from "./run-end.js";

/** Raised when a key goes or changes its meaning; keys may be added. */
const SCHEMA = 1;

/** One JSON object a line, for programs. */
export const ndjson: Format = {
  opening: () => [],
  start: ({ version, ...run }) => [JSON.stringify({ event: "start", version, schema: SCHEMA, ...run })],
  epoch: ({ epoch, correct, total, accuracy, trainSeconds, evaluateSeconds }) => [
    JSON.stringify({ event: "epoch", epoch, correct, total, accuracy, trainSeconds, evaluateSeconds }),
  ],
  end: (end) => [endLine(end)],
};

export function endLine(end: RunEnd): string {
  return JSON.stringify({ event: "end", ...end });
}
