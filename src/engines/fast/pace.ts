/** Chooses whether the threads work as a team or the first one works alone. No result depends on the choice. */

export type Mode = "team" | "solo";

/** Mini-batches `from` up to, not including, `to` of a slice, and who trains on them. */
type Share = { mode: Mode; from: number; to: number };

/** The result of training on a share. */
interface Outcome {
  /** The mini-batch before which training ended. A team that had to wait too often ends early. */
  reached: number;
  /** The number of times that a thread waited for another for so long that it fell asleep. */
  sleeps: number;
}

/** Trains on the mini-batches of a share. */
type Run = (share: Share) => Promise<Outcome>;

/**
 * The number of slices until the other mode is tried: `team` is for a team whose threads fall asleep, `solo` for one thread alone. The number
 * doubles, up to `longest`, each time the other mode is slower. A team whose threads do not fall asleep waits for `longest` slices, because a
 * trial costs time: a thread that pauses during the trial may start again on another thread's core. Measured: the system then needs some
 * 15 ms to move it.
 */
const WAIT = { team: 6, solo: 8, longest: 64 };

/**
 * When a team gives way. It tries one thread after so many slices in a row with more than one sleep, and one thread takes over at once after so many
 * sleeps in the latest slices. Where all cores are free, a team sleeps now and then, and sometimes about 25 times in 15 ms, when the system has
 * put two threads on one core and has not moved them yet.
 */
const SLEEPS = { slices: 3, many: 48 };

/** A trial takes two shares, each this fraction of a slice. They are small because a team is slow when another program uses one of the cores. */
const TRIAL = 1 / 16;

type Time = { ms: number; batches: number };

/**
 * Measures both modes and prefers the one that was faster recently. The threads of a team meet several times per mini-batch. When another
 * program wants a core, the team may have to wait at each meeting.
 */
export class Pace {
  /** The mode that is preferred now. */
  best: Mode = "solo";
  /** The recent time of each mode, and the number of mini-batches that it took. */
  readonly #recent: Record<Mode, Time> = { team: { ms: 0, batches: 0 }, solo: { ms: 0, batches: 0 } };
  #slicesSinceTrial = 0;
  #wait = WAIT.team;
  /** The sleeps of the team in the latest slice, and with less weight in those before. */
  #sleeps = 0;
  /** The number of the team's latest slices in which it slept more than once. */
  #sleepySlices = 0;

  /** Whether there is a team to choose. */
  #hasTeam = false;

  /** From now on there is a team, and it is preferred until it turns out to be slower. */
  addTeam(): void {
    this.#hasTeam = true;
    this.#prefer("team");
  }

  /** Trains on the mini-batches 0 .. n - 1 of a slice. */
  async train(n: number, run: Run): Promise<void> {
    const part = Math.ceil(n * TRIAL);
    let from = 0;
    if (this.#hasTeam && 2 * part < n && ++this.#slicesSinceTrial > this.#slicesUntilTrial) {
      from = await this.#tryOther(part, run);
    }
    while (from < n) {
      const mode = this.best;
      const { ms, batches, sleeps } = await this.#measure({ mode, from, to: n }, run);
      const before = this.#recent[mode];
      this.#recent[mode] = { ms: ms + before.ms / 2, batches: batches + before.batches / 2 };
      from += batches;
      if (mode === "solo") continue;
      this.#sleeps = sleeps + this.#sleeps / 2;
      this.#sleepySlices = sleeps > 1 ? this.#sleepySlices + 1 : 0;
      if (from < n || this.#sleeps > SLEEPS.many) this.#prefer("solo");
    }
  }

  get #slicesUntilTrial(): number {
    return this.best === "team" && this.#sleepySlices < SLEEPS.slices ? WAIT.longest : this.#wait;
  }

  /** Tries the other mode on the first 2 * part mini-batches of a slice, and prefers it from now on if it is faster. Returns how far it came. */
  async #tryOther(part: number, run: Run): Promise<number> {
    const other = this.best === "team" ? "solo" : "team";
    const settling = await this.#measure({ mode: other, from: 0, to: part }, run); // the system needs a moment to give each thread a core
    if (settling.batches < part) {
      this.#putOffTrials();
      return settling.batches;
    }
    const trial = await this.#measure({ mode: other, from: part, to: 2 * part }, run);
    this.#recent[other] = trial;
    const isFaster = trial.batches === part && msPerBatch(trial) < msPerBatch(this.#recent[this.best]);
    if (isFaster) this.#prefer(other);
    else this.#putOffTrials();
    return part + trial.batches;
  }

  #prefer(mode: Mode): void {
    this.best = mode;
    this.#wait = WAIT[mode];
    this.#slicesSinceTrial = 0;
    this.#sleeps = 0;
    this.#sleepySlices = 0;
  }

  #putOffTrials(): void {
    this.#wait = Math.min(WAIT.longest, 2 * this.#wait);
    this.#slicesSinceTrial = 0;
  }

  async #measure(share: Share, run: Run): Promise<Time & { sleeps: number }> {
    const start = performance.now();
    const { reached, sleeps } = await run(share);
    return { ms: performance.now() - start, batches: reached - share.from, sleeps };
  }
}

function msPerBatch({ ms, batches }: Time): number {
  return ms / batches;
}
