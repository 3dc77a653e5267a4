/** Checks a task for the fast engine, lays out its memory so that nothing fails after training has begun, and chooses the threads. */
import { availableParallelism } from "node:os";
import { ConfigurationError } from "../../errors.js";
import type { CreateEngine, EngineTask } from "../engine.js";
import { layOut } from "./layout.js";
import { KERNEL_NAMES } from "./records.js";
import { loadKernel } from "./simd.js";

/**
 * @throws ConfigurationError if the kernel does not know the activation, the output or the cost, if a setting is 0 in float32, or if
 * the task does not fit into the kernel's memory
 */
export function checkFast({ network, data, settings }: EngineTask): CreateEngine {
  const choices = { ...network, cost: settings.cost };
  for (const thing of ["activation", "output", "cost"] as const) {
    const known: string[] = KERNEL_NAMES[thing];
    if (known.includes(choices[thing])) continue;
    throw new ConfigurationError({
      thing,
      expected: `${known.join(" or ")} for the fast engine`,
      found: choices[thing],
      remedy: "use --engine textbook, or add it to src/engines/fast/assembly/activation.ts",
    });
  }
  for (const [thing, value] of Object.entries({ eta: settings.eta, "max norm": settings.maxNorm })) {
    if (Math.fround(value) !== 0) continue;
    throw new ConfigurationError({
      thing,
      expected: "a number that is not 0 in float32",
      found: `${value}`,
      remedy: "use a larger one, or the textbook engine",
    });
  }
  const layout = layOut(network, data, settings);
  return async (network, velocities) => {
    const { FastEngine } = await import("./fast-engine.js");
    return FastEngine.create(network, data, layout, loadKernel(settings.simd), velocities);
  };
}

/** The largest number of threads that is chosen, and the smallest number of neurons per thread in the widest layer. */
const [MOST, NEURONS_PER_THREAD] = [8, 15];

/** The number of threads that is fastest on this machine for networks of these sizes. */
export function bestThreads(sizes: readonly number[]): number {
  const widest = Math.max(...sizes.slice(1));
  return Math.max(1, Math.min(availableParallelism(), Math.floor(widest / NEURONS_PER_THREAD), MOST));
}
