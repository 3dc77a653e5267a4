import type { EngineName } from "../engines/engine.js";
import { bestThreads } from "../engines/fast/threads.js";

/** How many threads an engine uses by default. */
export function threadsFor(engine: EngineName, sizes: readonly number[], batchSize: number): number {
  return engine === "fast" ? bestThreads(sizes, batchSize) : 1;
}
