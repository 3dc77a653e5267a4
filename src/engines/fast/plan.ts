/** What the fast engine checks before a run, so that nothing fails after it has begun. */
import { ConfigurationError } from "../../errors.js";
import type { CreateEngine, EngineTask } from "../engine.js";
import { layOut } from "./layout.js";

export const MOST_THREADS = 64;

/** @throws ConfigurationError if the kernel cannot train such a network */
export function checkFast({ network, data, settings }: EngineTask): CreateEngine {
  const { sizes, output = "sigmoid" } = network;
  const { eta, maxNorm, threads } = settings;
  for (const [thing, value] of Object.entries({ eta, "max norm": maxNorm })) {
    if (Math.fround(value) !== 0) continue;
    const expected = "a number that is not 0 in float32";
    const remedy = "use a larger one, or the textbook engine";
    throw new ConfigurationError({ thing, expected, found: `${value}`, remedy });
  }
  const layout = layOut({ sizes, output }, data, settings, threads);
  return async (network, velocities) => {
    const { FastEngine } = await import("./fast-engine.js");
    return FastEngine.create(network, data, { ...settings, layout, velocities });
  };
}
