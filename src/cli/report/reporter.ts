/** Tells the user about a run: results on standard output, progress and notes on standard error. */
import type { TrainFlags } from "../flags.js";
import type { Form, RunEvent } from "./events.js";
import { human } from "./human.js";
import type { ProgressBar } from "./progress-bar.js";
import { canRedraw, colors } from "./style.js";

type PrintingFlags = Pick<TrainFlags, "json" | "quiet" | "progress" | "color">;

/** For programs: one JSON object per line. */
const ndjson: Form = (event) => (event.event === "opening" ? [] : [JSON.stringify(event)]);

export class Reporter {
  readonly #form: Form;
  #bar: ProgressBar | undefined;
  hasEnded = false;

  private constructor(
    private readonly flags: PrintingFlags,
    private readonly Bar?: typeof ProgressBar,
  ) {
    this.#form = flags.json ? ndjson : human(colors(process.stdout, flags.color));
  }

  /** Loads the progress bar only where there will be one. */
  static async create(flags: PrintingFlags): Promise<Reporter> {
    const hasBar = !flags.quiet && flags.progress && canRedraw(process.stderr);
    if (!hasBar) return new Reporter(flags);
    const { ProgressBar } = await import("./progress-bar.js");
    return new Reporter(flags, ProgressBar);
  }

  report(event: RunEvent): void {
    if (event.event === "progress") {
      this.#bar?.update(event);
    } else if (event.event === "note") {
      this.#print(process.stderr, [event.text]);
    } else {
      if (event.event === "end") this.close();
      if (event.event === "end" || !this.flags.quiet) this.#print(process.stdout, this.#form(event));
      if (event.event === "start" && this.Bar) this.#bar = new this.Bar(process.stderr, event);
      this.hasEnded ||= event.event === "end";
    }
  }

  /** Takes the bar off the terminal. May be called more than once. */
  close(): void {
    this.#bar?.close();
    this.#bar = undefined;
  }

  #print(stream: NodeJS.WriteStream, lines: string[]): void {
    if (lines.length === 0) return;
    const write = () => void stream.write(`${lines.join("\n")}\n`);
    if (this.#bar) this.#bar.above(write);
    else write();
  }
}
