/** The table of engines. */
import { ConfigurationError } from "../errors.js";
import { checkRange, type Range, wholeNumber } from "../ranges.js";
import type { EngineKind, SimdChoice, SimdWidth } from "./engine.js";
import { bestThreads, checkFast } from "./fast/plan.js";
import { plannedWidth } from "./fast/simd.js";

/** The engines, by the name that `--engine` gives them. */
export const ENGINES = {
  /** float32 in WebAssembly SIMD, on several threads. */
  fast: {
    precision: "float32",
    mostThreads: 64,
    threads: bestThreads,
    simd: plannedWidth,
    startAhead: async (threads?: number) => (await import("./fast/crew.js")).Crew.startAhead(threads),
    check: checkFast,
  },

  /** The book's plain loops in float64. It can do every task. */
  textbook: {
    precision: "float64",
    mostThreads: 1,
    threads: () => 1,
    simd: null,
    startAhead: async () => {},
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
export function threadsFor(engine: EngineName, sizes: readonly number[], given?: number): number {
  const { mostThreads, threads }: EngineKind = ENGINES[engine];
  if (given === undefined) return threads(sizes);
  if (mostThreads === 1 && given !== 1) {
    const expected = `1 thread, all that the ${engine} engine has`;
    const remedy = "use the fast engine";
    throw new ConfigurationError({ thing: `threads ${given}`, expected, found: `${given}`, remedy });
  }
  checkRange("threads", given, wholeNumber(1, mostThreads));
  return given;
}

/** The widths of SIMD instructions that a caller may choose. */
export const SIMD_RANGE: Range<SimdChoice> = {
  expected: "auto, 128 or 256",
  includes: (value): value is SimdChoice => value === "auto" || value === 128 || value === 256,
};

/**
 * The width in bits of the SIMD instructions of an engine: as given, or 128. It is null for an engine that uses none. With "auto" it is the
 * width that is tried first; the engine uses 128 bits if the 256-bit kernel then fails its test.
 *
 * @throws ConfigurationError if the engine, the version of Node or the processor does not have the given width
 */
export function simdFor(engine: EngineName, given?: SimdChoice): SimdWidth | null {
  if (given !== undefined) checkRange("simd", given, SIMD_RANGE);
  const { simd }: EngineKind = ENGINES[engine];
  if (simd) return simd(given ?? 128);
  if (given === undefined || given === "auto") return null;
  const [expected, remedy] = ["an engine that uses SIMD instructions", "use the fast engine"];
  throw new ConfigurationError({ thing: `simd ${given}`, expected, found: `the ${engine} engine`, remedy });
}
