/** What each signal's first arrival exits with: 128 and its number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Interrupt = keyof typeof EXIT_CODES;

/**
 * Turns SIGINT and SIGTERM into an orderly end: the first aborts `signal` and `onFirst` says so, the next ends the process at
 * once, after `onSecond` has put things right.
 */
export class InterruptHandler {
  readonly #controller = new AbortController();
  #first: Interrupt | undefined;

  constructor(onFirst: (interrupt: Interrupt) => void, onSecond: () => void) {
    for (const interrupt of Object.keys(EXIT_CODES) as Interrupt[]) {
      process.on(interrupt, () => {
        if (this.#first) {
          onSecond();
          process.exit(EXIT_CODES[interrupt]); // here and nowhere else: "at once" is what was asked for
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

  /** The exit code that the interruption asks for; undefined if there was none. */
  get exitCode(): number | undefined {
    return this.#first && EXIT_CODES[this.#first];
  }
}
