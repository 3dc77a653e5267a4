/** Tells the user about a run: results on standard output, progress and notes on standard error. */
import type { FlagsOf } from "../flags.js";
import type { RunEvent } from "./events.js";
import { human } from "./human.js";
import { ndjson } from "./ndjson.js";
import type { ProgressBar } from "./progress-bar.js";
import { colors } from "./style.js";

type PrintingFlags = Pick<FlagsOf<"train">, "json" | "quiet" | "progress" | "color">;

export class Reporter {
  readonly #flags: PrintingFlags;
  readonly #form;
  #bar: ProgressBar | undefined;
  hasEnded = false;

  private constructor(flags: PrintingFlags, bar: ProgressBar | undefined) {
    this.#flags = flags;
    this.#form = flags.json ? ndjson : human(colors(process.stdout, flags.color));
    this.#bar = bar;
  }

  /** Loads the progress bar only where there will be one. */
  static async create(flags: PrintingFlags): Promise<Reporter> {
    const hasBar = !flags.quiet && flags.progress && process.stderr.isTTY && process.env.TERM !== "dumb";
    if (!hasBar) return new Reporter(flags, undefined);
    const { ProgressBar } = await import("./progress-bar.js");
    return new Reporter(flags, new ProgressBar(process.stderr));
  }

  report(event: RunEvent): void {
    if (event.event === "progress") {
      this.#bar?.update(event);
    } else if (event.event === "note") {
      this.#aboveBar(() => process.stderr.write(`${event.text}\n`));
    } else {
      if (event.event === "end") this.close();
      if (event.event === "end" || !this.#flags.quiet) this.#print(this.#form(event));
      if (event.event === "start") this.#bar?.start(event);
      this.hasEnded ||= event.event === "end";
    }
  }

  /** Takes the bar off the terminal. May be called more than once. */
  close(): void {
    this.#bar?.close();
    this.#bar = undefined;
  }

  #print(lines: string[]): void {
    if (lines.length > 0) this.#aboveBar(() => process.stdout.write(`${lines.join("\n")}\n`));
  }

  #aboveBar(write: () => void): void {
    if (this.#bar) this.#bar.above(write);
    else write();
  }
}
