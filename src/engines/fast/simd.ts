/**
 * Chooses between SIMD instructions of 128 and 256 bits, and loads the kernel for the chosen width.
 *
 * The kernel is written for 128 bits. With the flag --experimental-wasm-revectorize, V8 joins two neighbouring instructions of 128 bits into
 * one AVX2 instruction of 256 bits when it optimises the kernel. Each number is computed as before, so the results have the same bits.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { ConfigurationError } from "../../errors.js";
import type { SimdChoice, SimdWidth } from "../engine.js";
import { compile } from "./kernel.js";

/** The major versions of Node for which CI compares the bits of both widths. */
const PROVEN = [24, 26];

/** The first major version whose V8 pairs the kernel's instructions. Node 22 knows the flag, but it has no effect there. */
const FIRST = 24;

/** What decides whether V8 can use 256 bits. */
interface Host {
  node: string;
  arch: string;
  /** The processor's features, in the words of /proc/cpuinfo. Undefined if they are not known; then AVX2 is assumed. */
  features(): string | undefined;
}

/**
 * The width that is tried first: the chosen one, or for "auto" 256 bits where CI proves them.
 *
 * @throws ConfigurationError if the choice is 256, and the version of Node or the processor does not have it
 */
export function plannedWidth(choice: SimdChoice, host: Host = HOST): SimdWidth {
  if (choice === 128) return 128;
  const obstacle = obstacleTo256(host);
  if (choice === "auto") return !obstacle && PROVEN.includes(Number.parseInt(host.node, 10)) ? 256 : 128;
  if (obstacle) throw new ConfigurationError({ thing: "simd 256", ...obstacle });
  return 256;
}

function obstacleTo256({ node, arch, features }: Host): Record<"expected" | "found" | "remedy", string> | undefined {
  if (Number.parseInt(node, 10) < FIRST) {
    return { expected: `Node ${FIRST} or newer`, found: `Node ${node}`, remedy: "use 128 bits, or a newer Node" };
  }
  const remedy = "use 128 bits";
  if (arch !== "x64") return { expected: "an x64 processor", found: arch, remedy };
  const known = features();
  if (known === undefined || /\bavx2\b/.test(known)) return undefined;
  return { expected: "a processor with AVX2", found: "one without it", remedy };
}

const HOST: Host = { node: process.versions.node, arch: process.arch, features: readFeatures };

/**
 * Reads the features of the processor from /proc/cpuinfo, which only Linux has. On other systems another program would have to be run. Almost all
 * x64 processors since 2015 have AVX2. Where it is assumed but missing, V8 ignores its flag and uses 128 bits.
 */
function readFeatures(): string | undefined {
  try {
    const bytes = Buffer.alloc(8192); // enough for the first processor; the whole file is slow with many processors
    const file = openSync("/proc/cpuinfo", "r");
    const length = readSync(file, bytes);
    closeSync(file);
    return /^flags\s*:.*$/m.exec(bytes.toString("latin1", 0, length))?.[0];
  } catch {
    return undefined;
  }
}

export interface LoadedKernel {
  simd: SimdWidth;
  module: WebAssembly.Module;
}

let testing: Promise<WebAssembly.Module | undefined> | undefined;

/**
 * Loads the kernel. If 256 bits are planned, the 256-bit kernel is tested first, once per process, which takes about 20 ms. If it fails and the
 * choice is "auto", the kernel of 128 bits takes its place.
 *
 * @param test  for tests, in place of the usual one
 * @throws ConfigurationError if 256 bits were chosen, and are not available or fail the test
 */
export async function loadKernel(choice: SimdChoice = 128, test = testOnce): Promise<LoadedKernel> {
  if (plannedWidth(choice) === 256) {
    const module = await test();
    if (module) return { simd: 256, module };
    if (choice === 256) {
      const [expected, found] = ["the bits that 128 bits give", "others in the self-test"];
      throw new ConfigurationError({ thing: "simd 256", expected, found, remedy: "use 128 bits" });
    }
  }
  return { simd: 128, module: await compile("release") };
}

function testOnce() {
  testing ??= import("./self-test.js").then(({ selfTest }) => selfTest());
  return testing;
}
