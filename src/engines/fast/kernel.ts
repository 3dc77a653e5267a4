/** Loads the compiled kernel and describes the functions that it exports (assembly/index.ts). */
import { readFile } from "node:fs/promises";

/** What assembly/index.ts exports. Images, etas, outputs, distortion and `thread` are addresses in bytes. */
export interface Kernel {
  train(thread: number, ...args: TrainArguments): void;
  evaluate(thread: number, ...args: EvaluateArguments): void;
  distort(thread: number, ...args: DistortArguments): void;
  finite(from: number, to: number): number;
  expOf(x: number): number;
}

export type TrainArguments = [
  images: number,
  fromBatch: number,
  toBatch: number,
  batchSize: number,
  examples: number,
  etas: number,
  maskSeed: number,
  position: number,
  distorted: number,
  distortion: number,
];
type DistortArguments = [images: number, distorted: number, distortion: number, from: number, to: number];
type EvaluateArguments = [images: number, from: number, to: number, scratchExamples: number, outputs: number];

/** A call that all threads make with the same arguments, each with its own thread record. */
export type Call = { name: "train"; args: TrainArguments } | { name: "evaluate"; args: EvaluateArguments };

/** @param thread  the address of the thread's record */
export function perform(kernel: Kernel, thread: number, call: Call): void {
  if (call.name === "train") kernel.train(thread, ...call.args);
  else kernel.evaluate(thread, ...call.args);
}

/**
 * The builds of the kernel. The one for 256 bits has wider tiles, and orders its loads and stores so that V8 can join them (assembly/layout.ts).
 * V8 shares native code between modules of the same bytes, so that a build of its own is also what keeps the two widths apart. The debug
 * build checks its assertions.
 */
const FILES = { release: "kernel.wasm", release256: "kernel256.wasm", debug: "kernel.debug.wasm" };

export type Build = keyof typeof FILES;

/** The kernel's module. V8 compiles each function when it is first called. */
export async function compile(build: Build): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await kernelBytes(build));
}

export async function kernelBytes(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(new URL(FILES[build], import.meta.url));
}

/** A kernel that works on a shared memory. Each thread has its own instance; the instance itself has no state. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const abort = (_message: number, _file: number, line: number, column: number) => {
    throw new Error(`kernel: assertion failed at ${line}:${column}`);
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as Kernel;
}
