/** Who does some of the work: all threads together, or the first one alone. */
export type Who = "team" | "solo";

/** Mini-batches from..to of a slice, and who does them. */
export interface Share {
  who: Who;
  from: number;
  to: number;
}

/** After how many slices the other way is tried again: more each time it turns out slower. */
const [SOONEST, LATEST] = [6, 64];

/** How small a part of a slice a trial's two shares are each: where another program has the core, a team is ten times as slow. */
const PARTS = 16;

/**
 * Chooses between the team and one thread alone by what has lately been faster. A team meets several times a mini-batch; where another
 * program wants a core, each meeting may wait for it. No result depends on the choice.
 */
export class Pace {
  #best: Who = "team";
  /** What each way took lately. */
  readonly #spent: Record<Who, Spent> = { team: NOTHING, solo: NOTHING };
  #untilTrial = SOONEST;
  #wait = SOONEST;

  get best(): Who {
    return this.#best;
  }

  /**
   * Cuts the mini-batches of a slice, 0..n, into shares; takes note of the time until the next one is asked for. A trial of the other way has
   * two shares, the first untimed: the system needs a moment to give each thread a core.
   */
  *shares(n: number): Generator<Share, void> {
    const part = Math.ceil(n / PARTS);
    const isTrial = --this.#untilTrial < 0 && 2 * part < n;
    if (isTrial) {
      const who = other(this.#best);
      yield { who, from: 0, to: part };
      this.#spent[who] = yield* timed({ who, from: part, to: 2 * part });
      this.#judge(who);
    }
    const who = this.#best;
    const { ms, batches } = yield* timed({ who, from: isTrial ? 2 * part : 0, to: n });
    const before = this.#spent[who];
    this.#spent[who] = { ms: ms + before.ms / 2, batches: batches + before.batches / 2 };
  }

  /** Ends a trial of the other way. */
  #judge(who: Who): void {
    if (costOf(this.#spent[who]) < costOf(this.#spent[this.#best])) {
      this.#best = who;
      this.#wait = SOONEST;
    } else {
      this.#wait = Math.min(LATEST, 2 * this.#wait);
    }
    this.#untilTrial = this.#wait;
  }
}

/** So many milliseconds for so many mini-batches. */
interface Spent {
  ms: number;
  batches: number;
}

const NOTHING: Spent = { ms: 0, batches: 0 };

function costOf({ ms, batches }: Spent): number {
  return ms / batches;
}

function* timed(share: Share): Generator<Share, Spent> {
  const start = performance.now();
  yield share;
  return { ms: performance.now() - start, batches: share.to - share.from };
}

function other(who: Who): Who {
  return who === "team" ? "solo" : "team";
}
