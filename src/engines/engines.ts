/** The table of engines. */
import type { EngineKind } from "./engine.js";
import { checkFast, MOST_THREADS } from "./fast/plan.js";
import { bestThreads } from "./fast/threads.js";

/** The engines, by the name that `--engine` gives them. */
export const ENGINES = {
  /** float32 in WebAssembly SIMD, on several threads. */
  fast: {
    precision: "float32",
    mostThreads: MOST_THREADS,
    hasOwnThreads: true,
    threads: bestThreads,
    check: checkFast,
  },

  /** The book's plain loops in float64. It can do every task. */
  textbook: {
    precision: "float64",
    mostThreads: 1,
    hasOwnThreads: false,
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
