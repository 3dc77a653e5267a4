/** Starts worker threads, sends them kernel calls, and ends them. */
import { once, setMaxListeners } from "node:events";
import { Worker } from "node:worker_threads";
import type { Call } from "./kernel.js";

/** What a worker is sent: first the kernel and its memory, then calls, each with the address of the thread record to use. */
export type Message =
  | { kind: "begin"; module: WebAssembly.Module; memory: WebAssembly.Memory }
  | { kind: "call"; call: Call; thread: number };

/** Worker threads that make kernel calls together. If one of them fails, the current call fails, or else the next one. */
export class Crew {
  readonly #workers: Worker[] = [];
  /** Aborted with the error of the first worker that fails, or when one ends. */
  readonly #failure = new AbortController();

  private constructor() {
    setMaxListeners(0, this.#failure.signal); // any number of workers is waited for at once
  }

  /** Starts `count` workers. Fails if the system refuses one. */
  static async start(count: number): Promise<Crew> {
    const crew = new Crew();
    try {
      for (let i = 0; i < count; i++) crew.#addWorker();
      await crew.#waitForMessages(count); // each worker says when it is ready
      return crew;
    } catch (error) {
      await crew.close();
      throw error;
    }
  }

  /** Gives every worker the kernel and its memory. */
  begin(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    for (const worker of this.#workers) send(worker, { kind: "begin", module, memory });
  }

  /** Lets one worker per thread record make the call. Returns when all of them are done. */
  async call(call: Call, threads: number[]): Promise<void> {
    for (const [i, thread] of threads.entries()) send(this.#workers[i], { kind: "call", call, thread });
    try {
      await this.#waitForMessages(threads.length);
    } catch (error) {
      await this.close(); // the other workers may wait for ever for the one that failed
      throw error;
    }
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #addWorker(): void {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
    worker.on("error", (error) => this.#failure.abort(error));
    worker.on("exit", (code) => this.#failure.abort(new Error(`a worker thread ended with exit code ${code}`)));
    this.#workers.push(worker);
  }

  /** Waits for one message from each of the first `count` workers. */
  async #waitForMessages(count: number): Promise<void> {
    const { signal } = this.#failure;
    try {
      await Promise.all(this.#workers.slice(0, count).map((worker) => once(worker, "message", { signal })));
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }
}

function send(worker: Worker, message: Message): void {
  worker.postMessage(message);
}
