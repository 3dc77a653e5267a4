import { bestThreads } from "../kernel/threads.js";
import type { EngineName } from "./engine.js";

/** How many threads an engine uses by default. */
export function threadsFor(engine: EngineName, sizes: readonly number[], batchSize: number): number {
  return engine === "fast" ? bestThreads(sizes, batchSize) : 1;
}
