/** Checks a task for the fast engine and lays out its memory, so that nothing fails after training has begun. */
import { ConfigurationError } from "../../errors.js";
import type { CreateEngine, EngineTask } from "../engine.js";
import { layOut } from "./layout.js";
import { KERNEL_NAMES } from "./records.js";

export const MOST_THREADS = 64;

/**
 * @throws ConfigurationError if the kernel does not know the activation, the output or the cost, if a setting is 0 in float32, or if
 * the task does not fit into the kernel's memory
 */
export function checkFast({ network, data, settings }: EngineTask): CreateEngine {
  const { activation, output } = network;
  const { cost, eta, maxNorm } = settings;
  checkKnown("activation", activation, KERNEL_NAMES.activation);
  checkKnown("output", output, KERNEL_NAMES.output);
  checkKnown("cost", cost, KERNEL_NAMES.cost);
  checkFloat32("eta", eta);
  checkFloat32("max norm", maxNorm);
  const layout = layOut(network, data, settings);
  return async (network, velocities) => {
    const { FastEngine } = await import("./fast-engine.js");
    return FastEngine.create(network, data, layout, { velocities });
  };
}

function checkKnown(thing: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new ConfigurationError({
    thing,
    expected: `${known.join(" or ")} for the fast engine`,
    found: name,
    remedy: "use --engine textbook, or add it to src/engines/fast/assembly/activation.ts",
  });
}

function checkFloat32(thing: string, value: number): void {
  if (Math.fround(value) !== 0) return;
  throw new ConfigurationError({
    thing,
    expected: "a number that is not 0 in float32",
    found: `${value}`,
    remedy: "use a larger one, or the textbook engine",
  });
}
