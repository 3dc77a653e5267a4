import { Worker } from "node:worker_threads";
import type { Call } from "./kernel.js";

/** What a worker is sent: first what to work on, then calls to make as the thread whose record lies at `thread`. */
export type Message =
  | { kind: "begin"; module: WebAssembly.Module; memory: WebAssembly.Memory }
  | { kind: "call"; call: Call; thread: number };

/** Worker threads that make calls together. None outlives `close`; when one fails, so does the call in flight, or the next. */
export class Crew {
  readonly #workers: Worker[] = [];
  #failure: Error | undefined;
  #onFailure: (error: Error) => void = () => {};
  #closed = false;

  private constructor() {}

  /** Starts so many workers; fails where they cannot be had. */
  static async start(count: number): Promise<Crew> {
    const crew = new Crew();
    try {
      for (let i = 0; i < count; i++) crew.#add(new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] }));
      await crew.#replies(count, () => {}); // each says when it is up
      return crew;
    } catch (error) {
      await crew.close();
      throw error;
    }
  }

  /** Gives all workers what to work on. */
  begin(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    for (const worker of this.#workers) this.#send(worker, { kind: "begin", module, memory });
  }

  /** Has one worker for each of the records make the call as that thread; it is done when all are. */
  async call(call: Call, threads: number[]): Promise<void> {
    try {
      await this.#replies(threads.length, () => {
        for (const [i, thread] of threads.entries()) this.#send(this.#workers[i], { kind: "call", call, thread });
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

  #add(worker: Worker): void {
    this.#workers.push(worker);
    const fail = (error: Error) => {
      this.#failure ??= error;
      this.#onFailure(this.#failure);
    };
    worker.on("error", fail);
    worker.on("exit", (code) => {
      if (!this.#closed) fail(new Error(`a worker thread ended unexpectedly, with exit code ${code}`));
    });
  }

  #send(worker: Worker, message: Message): void {
    worker.postMessage(message);
  }

  /** Does `begin`, and waits for a message from each of the first `count` workers. */
  #replies(count: number, begin: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onFailure = reject;
      if (this.#failure) reject(this.#failure);
      let waiting = count;
      for (const worker of this.#workers.slice(0, count)) {
        worker.once("message", () => {
          if (--waiting === 0) resolve();
        });
      }
      begin();
    });
  }
}
