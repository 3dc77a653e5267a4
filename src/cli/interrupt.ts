/** Turns SIGINT and SIGTERM into an orderly end. */

/** The exit code of each signal: 128 plus its number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Interrupt = keyof typeof EXIT_CODES;

/** The first signal aborts `signal`, and calls `onFirst`. The second one calls `onSecond` and ends the process at once. */
export class InterruptHandler {
  readonly #controller = new AbortController();
  #first: Interrupt | undefined;

  constructor(onFirst: (interrupt: Interrupt) => void, onSecond: () => void) {
    for (const interrupt of Object.keys(EXIT_CODES) as Interrupt[]) {
      process.on(interrupt, () => {
        if (this.#first) {
          onSecond();
          process.exit(EXIT_CODES[interrupt]); // the only call: the user asked for an end at once
        }
        this.#first = interrupt;
        this.#controller.abort();
        onFirst(interrupt);
      });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code after an interruption; undefined if there was none. */
  get exitCode(): number | undefined {
    return this.#first && EXIT_CODES[this.#first];
  }
}
