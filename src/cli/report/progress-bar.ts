/** The progress bar on a terminal. */
import { SingleBar } from "cli-progress";
import type { RunEvent } from "./events.js";
import { compactCount } from "./human.js";

const WIDEST_BAR = 30;
const NARROWEST_BAR = 5;
type Start = Extract<RunEvent, { event: "start" }>;
type Progress = Extract<RunEvent, { event: "progress" }>;

/** It hides no cursor and turns off no line wrap, so that there is nothing to restore, however the run ends. */
export class ProgressBar {
  readonly #bar: SingleBar;
  readonly #total: number;
  readonly #startTime = performance.now();
  /** What the first progress event told: a resumed run has some examples behind it. */
  #before: Progress | undefined;
  #progress: Progress | undefined;

  constructor(
    stream: NodeJS.WriteStream,
    private readonly run: Start,
  ) {
    this.#total = run.runs * run.epochs * run.trainingExamples;
    this.#bar = new SingleBar({
      stream,
      format: () => this.#line(stream.columns || 80),
      linewrap: true, // stays as it is: each line is made to fit
      clearOnComplete: true,
      forceRedraw: true,
      fps: 10,
    });
    // cli-progress saves the cursor's place and returns there to clear the line. After a resize that is the wrong line.
    const { terminal } = this.#bar as unknown as { terminal: Record<"cursorSave" | "cursorRestore", () => void> };
    terminal.cursorSave = terminal.cursorRestore = () => {};
  }

  /** Draws the bar at the first call; from then on it draws itself ten times per second. */
  update(progress: Progress): void {
    this.#progress = progress;
    if (this.#before) return;
    this.#before = progress;
    this.#draw();
  }

  /** Lets `write` print whole lines to the terminal where the bar is. */
  above(write: () => void): void {
    this.#bar.stop();
    write();
    if (this.#before) this.#draw();
  }

  close(): void {
    this.#bar.stop();
  }

  #draw(): void {
    this.#bar.start(this.#total, this.#progress?.examples ?? 0);
  }

  /** One line that leaves room for a ^C after it. Where it is too long, its last parts are left out. */
  #line(columns: number): string {
    const limit = columns - 3;
    const { examples, epoch, runsDone } = this.#progress as Progress;
    const done = examples - (this.#before as Progress).examples;
    const seconds = (performance.now() - this.#startTime) / 1000;
    const share = examples / this.#total;
    const percentage = `${Math.floor(100 * share)} %`.padStart(5);
    const left = done > 0 ? `${duration((seconds * (this.#total - examples)) / done)} left` : "";
    const { runs, epochs } = this.run;
    const [name, n, of] = runs > 1 ? ["Runs", runsDone, runs] : ["Epoch", epoch, epochs];
    const label = `${name} ${`${n}`.padStart(`${of}`.length)}/${of}`;
    const texts = [label, percentage, `${compactCount(done / seconds)}/s`, left];
    const room = limit - texts.join(" ").length;
    if (room > NARROWEST_BAR) {
      const width = Math.min(WIDEST_BAR, room - 1);
      const full = Math.round(share * width);
      texts.splice(1, 0, "█".repeat(full) + "░".repeat(width - full));
    }
    while (texts.length > 1 && texts.join(" ").length > limit) texts.pop();
    return texts.join(" ").slice(0, limit);
  }
}

/** Seconds as 0:07, 12:34 or 1:02:03. */
function duration(seconds: number): string {
  const rounded = Math.ceil(seconds);
  const two = (n: number) => `${n}`.padStart(2, "0");
  const [h, m, s] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60, rounded % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
