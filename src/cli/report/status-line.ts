/** One line on a terminal that says what the program is doing, until there is a result to print. */
import { canRedraw } from "./style.js";

/** The shortest time between two drawings, in milliseconds: more often would disturb what is measured. */
const INTERVAL_MS = 100;

/** Writes nothing where the stream is not a terminal. Changes no mode of the terminal, so that there is nothing to restore. */
export class StatusLine {
  readonly #isOn: boolean;
  #text = "";
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly stream: NodeJS.WriteStream,
    isWanted: boolean,
  ) {
    this.#isOn = isWanted && canRedraw(stream);
  }

  /** Replaces the line, unless it was drawn a moment ago. */
  show(text: string): void {
    const now = performance.now();
    if (!this.#isOn || now < this.#drawnAt + INTERVAL_MS) return;
    this.#drawnAt = now;
    this.#text = text.slice(0, (this.stream.columns || 80) - 3); // leaves room for ^C
    this.stream.write(`\r${this.#text}\u001b[K`);
  }

  /** Takes the line off the terminal. May be called more than once. */
  clear(): void {
    if (this.#text) this.stream.write("\r\u001b[K");
    this.#text = "";
  }
}
