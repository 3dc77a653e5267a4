/** Chooses whether the threads work as a team or the first one works alone. No result depends on the choice. */

export type Mode = "team" | "solo";

/** Mini-batches `from` up to, not including, `to` of a slice, and who trains on them. */
type Share = { mode: Mode; from: number; to: number };

/** The number of slices after which the other mode is tried again. It doubles each time the other mode is slower. */
const [SHORTEST_WAIT, LONGEST_WAIT] = [6, 64];

/**
 * A trial takes two shares, each this fraction of a slice. They are small because a team is ten times as slow when another program uses
 * one of the cores.
 */
const TRIAL = 1 / 16;

/**
 * Measures both modes and prefers the one that was faster recently. The threads of a team meet several times per mini-batch. When another
 * program wants a core, the team may have to wait at each meeting.
 */
export class Pace {
  /** The mode that is preferred now. */
  best: Mode;
  /** The recent time of each mode, and the number of mini-batches that it took. */
  readonly #recent = { team: { ms: 0, batches: 0 }, solo: { ms: 0, batches: 0 } };
  #slicesUntilTrial = SHORTEST_WAIT;
  #wait = SHORTEST_WAIT;

  constructor(private readonly threads: number) {
    this.best = threads > 1 ? "team" : "solo";
  }

  /**
   * Divides the mini-batches 0 .. n - 1 of a slice into shares. The caller trains on each share before it asks for the next one, because
   * the time in between is measured.
   */
  *shares(n: number): Generator<Share, void> {
    const part = Math.ceil(n * TRIAL);
    const isTrial = this.threads > 1 && --this.#slicesUntilTrial < 0 && 2 * part < n;
    if (isTrial) yield* this.#tryOther(part);
    const mode = this.best;
    const latest = yield* timed({ mode, from: isTrial ? 2 * part : 0, to: n });
    const before = this.#recent[mode];
    this.#recent[mode] = { ms: latest.ms + before.ms / 2, batches: latest.batches + before.batches / 2 };
  }

  /** Tries the other mode on the first 2 * part mini-batches of a slice, and prefers it from now on if it is faster. */
  *#tryOther(part: number): Generator<Share, void> {
    const mode = this.best === "team" ? "solo" : "team";
    yield { mode, from: 0, to: part }; // not measured: the system needs a moment to give each thread a core
    const trial = yield* timed({ mode, from: part, to: 2 * part });
    this.#recent[mode] = trial;
    const { ms, batches } = this.#recent[this.best];
    if (trial.ms / trial.batches < ms / batches) {
      this.best = mode;
      this.#wait = SHORTEST_WAIT;
    } else {
      this.#wait = Math.min(LONGEST_WAIT, 2 * this.#wait);
    }
    this.#slicesUntilTrial = this.#wait;
  }
}

function* timed(share: Share): Generator<Share, { ms: number; batches: number }> {
  const start = performance.now();
  yield share;
  return { ms: performance.now() - start, batches: share.to - share.from };
}
