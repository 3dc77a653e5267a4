import { SingleBar } from "cli-progress";

const WIDEST_BAR = 30;
const NARROWEST_BAR = 5;

/**
 * The bar on a terminal. It hides no cursor and turns off no line wrap, so that there is nothing to restore, however a run ends.
 */
export class ProgressBar {
  readonly #bar: SingleBar;
  readonly #total: number;
  readonly #start = performance.now();
  readonly #before: number;
  #label: string;
  #examples: number;

  /** `total`: training examples of all that is to be done; `before`: those that were done earlier. */
  constructor(stream: NodeJS.WriteStream, label: string, total: number, before: number) {
    this.#label = label;
    this.#total = total;
    this.#before = before;
    this.#examples = before;
    this.#bar = new SingleBar({
      stream,
      format: () => this.#line(stream.columns || 80),
      linewrap: true, // as it is: each line is made to fit
      clearOnComplete: true,
      forceRedraw: true,
      fps: 10,
    });
    // It would save the cursor's place and go back there to clear the line: the wrong line, once the terminal was resized.
    const { terminal } = this.#bar as unknown as { terminal: Record<"cursorSave" | "cursorRestore", () => void> };
    terminal.cursorSave = terminal.cursorRestore = () => {};
    this.#draw();
  }

  /** `examples`: training examples so far. The bar draws itself ten times a second. */
  update(label: string, examples: number): void {
    this.#label = label;
    this.#examples = examples;
  }

  /** Lets `write` print whole lines to the terminal where the bar is. */
  above(write: () => void): void {
    this.#bar.stop();
    write();
    this.#draw();
  }

  close(): void {
    this.#bar.stop();
  }

  #draw(): void {
    this.#bar.start(this.#total, this.#examples);
  }

  /** One line that leaves room for a ^C after it: what it can do without goes first. */
  #line(columns: number): string {
    const limit = columns - 3;
    const examples = this.#examples - this.#before;
    const seconds = (performance.now() - this.#start) / 1000;
    const share = this.#examples / this.#total;
    const percentage = `${Math.floor(100 * share)} %`.padStart(5);
    const left = examples ? `${duration((seconds * (this.#total - this.#examples)) / examples)} left` : "";
    const texts = [this.#label, percentage];
    texts.push(`${compact(examples / seconds)}/s`, left);
    const room = limit - texts.join(" ").length;
    if (room > NARROWEST_BAR) texts.splice(1, 0, bar(share, Math.min(WIDEST_BAR, room - 1)));
    while (texts.length > 1 && texts.join(" ").length > limit) texts.pop();
    return texts.join(" ").slice(0, limit);
  }
}

function bar(share: number, width: number): string {
  const full = Math.round(share * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

/** 56k, 1.2M: three digits at most. */
function compact(n: number): string {
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 2 }).format(n);
}

/** Seconds as 0:07, 12:34 or 1:02:03. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (n: number) => `${n}`.padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
