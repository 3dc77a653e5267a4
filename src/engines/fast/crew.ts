/** Starts worker threads, sends them kernel calls, and ends them. */
import { once, setMaxListeners } from "node:events";
import { Worker } from "node:worker_threads";
import type { Call } from "./kernel.js";

/** What a worker is sent: first the kernel and its memory, then calls, each with the address of the thread record to use. */
export type Message =
  | { kind: "begin"; module: WebAssembly.Module; memory: WebAssembly.Memory }
  | { kind: "call"; call: Call; thread: number };

/**
 * Worker threads that make kernel calls together. If one of them fails, the current call fails, or else the next one.
 *
 * The first worker starts alone, and the others when it is ready: a worker needs about 30 ms of a core to start, and the first step of training
 * need not wait for all of them.
 */
export class Crew {
  readonly #workers: Worker[] = [];
  /** For each worker, settled when it has said that it is ready. */
  readonly #ready: Promise<unknown>[] = [];
  /** Aborted with the error of the first worker that fails, or when one ends. */
  readonly #failure = new AbortController();
  #isComplete = false;
  #isClosed = false;
  /** A crew that `startAhead` has started. */
  static #ahead: Crew | undefined;

  private constructor() {
    setMaxListeners(0, this.#failure.signal); // any number of workers is waited for at once
    try {
      this.#add();
    } catch (error) {
      this.#failure.abort(error); // the system refuses a worker
    }
  }

  #add(): Worker {
    const isFirst = this.#workers.length === 0;
    const worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
    const fail = (error: Error) => {
      if (isFirst || this.#isComplete) this.#failure.abort(error); // `complete` deals with the others
    };
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`a worker thread ended with exit code ${code}`)));
    this.#workers.push(worker);
    const ready = once(worker, "message", { signal: this.#failure.signal });
    ready.catch(() => {}); // `start` and `complete` deal with it
    this.#ready.push(ready);
    return worker;
  }

  /**
   * Starts the first worker of the next crew, so that `start` need not wait for it; when it is ready, also the others, so that there are
   * `count` workers. Until `start` is called they do not keep the process running.
   */
  static startAhead(count = 1): void {
    Crew.#ahead ??= new Crew();
    const crew = Crew.#ahead;
    crew.#workers[0]?.unref();
    const addOthers = () => {
      if (crew !== Crew.#ahead) return; // the crew has its task; `complete` adds the others
      while (crew.#workers.length < count) crew.#add().unref();
    };
    crew.#ready[0]?.then(addOthers).catch(() => {}); // if a worker is refused, `complete` will tell
  }

  /** Starts the first worker. Fails if the system refuses it. */
  static async start(): Promise<Crew> {
    const crew = Crew.#ahead ?? new Crew();
    Crew.#ahead = undefined;
    for (const worker of crew.#workers) worker.ref();
    try {
      crew.#failure.signal.throwIfAborted();
      await crew.#ready[0];
      return crew;
    } catch (error) {
      await crew.close();
      throw error;
    }
  }

  /** Gives the first worker the kernel and its memory. */
  begin(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    this.#workers[0].postMessage({ kind: "begin", module, memory } satisfies Message);
  }

  /** Starts the others, so that there are `count` workers. Returns whether all are ready: not if the system refuses one, or the crew is closed. */
  async complete(count: number, module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<boolean> {
    if (this.#isClosed) return false;
    try {
      while (this.#workers.length < count) this.#add();
      await Promise.all(this.#ready.slice(0, count));
      for (const worker of this.#workers.slice(1))
        worker.postMessage({ kind: "begin", module, memory } satisfies Message);
      this.#isComplete = true;
    } catch {}
    return this.#isComplete;
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
    this.#isClosed = true;
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
