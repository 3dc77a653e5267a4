/** Turns SIGINT and SIGTERM into an orderly end. */

/** The exit code of each signal: 128 plus its number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 };

/** The first signal aborts `signal`, and calls `onFirst`. The second one calls `onSecond` and ends the process at once. */
export class InterruptHandler {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  /** The exit code after an interruption; undefined if there was none. */
  exitCode: number | undefined;

  constructor(onFirst: (interrupt: string) => void, onSecond = () => {}) {
    for (const [interrupt, code] of Object.entries(EXIT_CODES)) {
      process.on(interrupt, () => {
        if (this.exitCode !== undefined) {
          onSecond();
          process.exit(code); // the only call: the user asked for an end at once
        }
        this.exitCode = code;
        this.#controller.abort();
        onFirst(interrupt);
      });
    }
  }
}
