import { Worker } from "node:worker_threads";
import type { Call } from "./kernel.js";

/** What a worker is given to begin with. */
export interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
}

/** Worker threads that make the same calls together. None outlives `close`, and when one fails, so does the call in flight. */
export class Crew {
  readonly #workers: Worker[];
  #fail: (error: Error) => void = () => {};
  #closed = false;

  private constructor(workers: Worker[]) {
    this.#workers = workers;
    for (const worker of workers) {
      worker.on("error", (error) => this.#fail(error));
      worker.on("exit", (code) => {
        if (!this.#closed) this.#fail(new Error(`a worker thread ended unexpectedly, with exit code ${code}`));
      });
    }
  }

  /** One thread for each record. */
  static async start(module: WebAssembly.Module, memory: WebAssembly.Memory, threads: number[]): Promise<Crew> {
    const workers: Worker[] = [];
    try {
      for (const thread of threads) {
        const workerData: Start = { module, memory, thread };
        workers.push(new Worker(new URL("./worker.js", import.meta.url), { workerData }));
      }
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw error;
    }
    return new Crew(workers);
  }

  /** Has every thread make the call; it is done when all are. */
  async call(call: Call): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        let waiting = this.#workers.length;
        this.#fail = reject;
        for (const worker of this.#workers) {
          worker.once("message", () => {
            if (--waiting === 0) resolve();
          });
          worker.postMessage(call);
        }
      });
    } catch (error) {
      await this.close(); // the others may wait for the one that failed, for ever
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
