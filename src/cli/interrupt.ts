/** Turns SIGINT and SIGTERM into an orderly end. */

/** The first signal aborts `signal`, and calls `onFirst`. The second one calls `onSecond` and ends the process at once. */
export class InterruptHandler {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  /** The exit code after an interruption, 128 plus the number of the signal; undefined if there was none. */
  exitCode: number | undefined;

  constructor(onFirst: (name: string) => void, onSecond = () => {}) {
    for (const [name, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
      process.on(name, () => {
        if (this.exitCode !== undefined) {
          onSecond();
          process.exit(code); // the only call: the user asked for an end at once
        }
        this.exitCode = code;
        this.#controller.abort();
        onFirst(name);
      });
    }
  }
}
