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
  /** Settled when every worker has said that it is ready. */
  readonly #ready: Promise<void>;
  /** A crew that `startAhead` has started. */
  static #ahead: Crew | undefined;

  private constructor(count: number) {
    setMaxListeners(0, this.#failure.signal); // any number of workers is waited for at once
    try {
      for (let i = 0; i < count; i++) {
        const worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
        worker.on("error", (error) => this.#failure.abort(error));
        worker.on("exit", (code) => this.#failure.abort(new Error(`a worker thread ended with exit code ${code}`)));
        this.#workers.push(worker);
      }
    } catch (error) {
      this.#failure.abort(error); // the system refuses a worker
    }
    this.#ready = this.#waitForMessages(count);
    this.#ready.catch(() => {}); // `start` throws the error
  }

  /**
   * Starts the workers of the next crew of `count` workers, so that `start` need not wait for them; they need about 30 ms. Until `start` is called
   * they do not keep the process running.
   */
  static startAhead(count: number): void {
    Crew.#ahead = new Crew(count);
    for (const worker of Crew.#ahead.#workers) worker.unref();
  }

  /** Starts `count` workers. Fails if the system refuses one. */
  static async start(count: number): Promise<Crew> {
    const ahead = Crew.#ahead;
    const crew = ahead && ahead.#workers.length === count ? ahead : new Crew(count);
    if (crew === ahead) Crew.#ahead = undefined;
    for (const worker of crew.#workers) worker.ref();
    try {
      await crew.#ready;
      return crew;
    } catch (error) {
      await crew.close();
      throw error;
    }
  }

  /** Gives every worker the kernel and its memory. */
  begin(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    for (const worker of this.#workers) worker.postMessage({ kind: "begin", module, memory } satisfies Message);
  }

  /** Lets one worker per thread record make the call. Returns when all of them are done. */
  async call(call: Call, threads: number[]): Promise<void> {
    for (const [i, thread] of threads.entries()) {
      this.#workers[i].postMessage({ kind: "call", call, thread } satisfies Message);
    }
    try {
      await this.#waitForMessages(threads.length);
    } catch (error) {
      await this.close(); // the other workers may wait for ever for the one that failed
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Waits for one message from each of the first `count` workers. */
  async #waitForMessages(count: number): Promise<void> {
    const { signal } = this.#failure;
    try {
      signal.throwIfAborted();
      await Promise.all(this.#workers.slice(0, count).map((worker) => once(worker, "message", { signal })));
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }
}
