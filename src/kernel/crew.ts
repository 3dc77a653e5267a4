import { Worker } from "node:worker_threads";
import type { Call } from "./kernel.js";

/** What a worker is given to begin with, and what it is sent: a call to make as the thread whose record lies there. */
export interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}
export interface Order {
  call: Call;
  thread: number;
}

/** Worker threads that make calls together. None outlives `close`, and when one fails, so does the call in flight. */
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

  /** Starts so many workers. */
  static async start(module: WebAssembly.Module, memory: WebAssembly.Memory, count: number): Promise<Crew> {
    const workers: Worker[] = [];
    try {
      const workerData: Start = { module, memory };
      for (let i = 0; i < count; i++) {
        workers.push(new Worker(new URL("./worker.js", import.meta.url), { workerData }));
      }
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw error;
    }
    return new Crew(workers);
  }

  /** Has one worker for each of the records make the call as that thread; it is done when all are. */
  async call(call: Call, threads: number[]): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        let waiting = threads.length;
        this.#fail = reject;
        for (const [i, thread] of threads.entries()) {
          this.#workers[i].once("message", () => {
            if (--waiting === 0) resolve();
          });
          const order: Order = { call, thread };
          this.#workers[i].postMessage(order);
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
