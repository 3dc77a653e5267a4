/** Loads the compiled kernel and describes the functions that it exports (assembly/index.ts). */
import { readFile } from "node:fs/promises";
import type { SimdWidth } from "../engine.js";

/** What assembly/index.ts exports. Images, outputs and `thread` are addresses in bytes. */
export interface Kernel {
  train(thread: number, ...args: TrainArguments): void;
  evaluate(thread: number, ...args: EvaluateArguments): void;
  finite(from: number, to: number): number;
  expOf(x: number): number;
}

export type TrainArguments = [
  images: number,
  fromBatch: number,
  toBatch: number,
  batchSize: number,
  examples: number,
  eta: number,
  maskSeed: number,
  position: number,
];
type EvaluateArguments = [images: number, from: number, to: number, scratchExamples: number, outputs: number];

/** A call that all threads make with the same arguments, each with its own thread record. */
export type Call = { name: "train"; args: TrainArguments } | { name: "evaluate"; args: EvaluateArguments };

/** @param thread  the address of the thread's record */
export function perform(kernel: Kernel, thread: number, call: Call): void {
  if (call.name === "train") kernel.train(thread, ...call.args);
  else kernel.evaluate(thread, ...call.args);
}

/** The debug build checks its assertions. */
export type Build = "release" | "debug";

/** The kernel's module. V8 compiles each function when it is first called. */
export async function compile(build?: Build): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await kernelBytes(build));
}

/**
 * The bytes of the compiled kernel. V8 shares native code between modules of the same bytes, so those of the 256-bit kernel must differ: a
 * custom section is added, which WebAssembly ignores.
 */
export async function kernelBytes(build: Build = "release", simd: SimdWidth = 128): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFile(new URL(build === "debug" ? "kernel.debug.wasm" : "kernel.wasm", import.meta.url));
  if (simd === 128) return bytes;
  const name = Buffer.from("simd256");
  return Buffer.concat([bytes, Buffer.of(0, name.length + 1, name.length), name]); // section 0, its size, its name
}

/** A kernel that works on a shared memory. Each thread has its own instance; the instance itself has no state. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const abort = (_message: number, _file: number, line: number, column: number) => {
    throw new Error(`kernel: assertion failed at ${line}:${column}`);
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as Kernel;
}
