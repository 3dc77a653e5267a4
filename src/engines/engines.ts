/** The table of engines. */
import { ConfigurationError } from "../errors.js";
import { checkRange, wholeNumber } from "../ranges.js";
import type { EngineKind } from "./engine.js";
import { bestThreads, checkFast } from "./fast/plan.js";

/** The engines, by the name that `--engine` gives them. */
export const ENGINES = {
  /** float32 in WebAssembly SIMD, on several threads. */
  fast: { precision: "float32", mostThreads: 64, threads: bestThreads, check: checkFast },

  /** The book's plain loops in float64. It can do every task. */
  textbook: {
    precision: "float64",
    mostThreads: 1,
    threads: () => 1,
    check:
      ({ data, settings }) =>
      async (network, velocities) => {
        const { TextbookEngine } = await import("./textbook/textbook-engine.js");
        return new TextbookEngine(network, data, settings, velocities);
      },
  },
} satisfies Record<string, EngineKind>;

export type EngineName = keyof typeof ENGINES;

/**
 * The number of threads of an engine: as given, or the fastest for such a network.
 *
 * @throws ConfigurationError if the engine does not take the given number
 */
export function threadsFor(engine: EngineName, sizes: readonly number[], batchSize: number, given?: number): number {
  const { mostThreads, threads }: EngineKind = ENGINES[engine];
  if (given === undefined) return threads(sizes, batchSize);
  if (mostThreads === 1 && given !== 1) {
    const expected = `1 thread, all that the ${engine} engine has`;
    const remedy = "use the fast engine";
    throw new ConfigurationError({ thing: `threads ${given}`, expected, found: `${given}`, remedy });
  }
  checkRange("threads", given, wholeNumber(1, mostThreads));
  return given;
}
