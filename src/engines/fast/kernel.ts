import { readFile } from "node:fs/promises";

/** What the compiled kernel exports (assembly/index.ts); addresses in bytes. */
export interface Kernel {
  train(
    thread: number,
    images: number,
    first: number,
    last: number,
    size: number,
    examples: number,
    eta: number,
    seed: number,
    number: number,
  ): void;
  evaluate(thread: number, images: number, from: number, to: number, rows: number, outputs: number): void;
  finite(from: number, to: number): number;
  expOf(x: number): number;
}

/** A call that every thread makes alike, each with its own record. */
export type Call =
  | { name: "train"; args: Parameters<OmitFirst<Kernel["train"]>> }
  | { name: "evaluate"; args: Parameters<OmitFirst<Kernel["evaluate"]>> };
type OmitFirst<F> = F extends (first: number, ...rest: infer Rest) => infer R ? (...rest: Rest) => R : never;

export function perform(kernel: Kernel, thread: number, call: Call): void {
  if (call.name === "train") kernel.train(thread, ...call.args);
  else kernel.evaluate(thread, ...call.args);
}

/** The debug build checks its assertions. */
export type Build = "release" | "debug";

export async function compile(build: Build): Promise<WebAssembly.Module> {
  const file = build === "debug" ? "kernel.debug.wasm" : "kernel.wasm";
  return WebAssembly.compile(await readFile(new URL(file, import.meta.url)));
}

/** The kernel at work on a shared memory; it keeps nothing of its own, so every thread has an instance. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const abort = (_message: number, _file: number, line: number, column: number) => {
    throw new Error(`kernel: assertion failed at ${line}:${column}`);
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as Kernel;
}
