/** Who does a slice of the work: all threads together, or the first one alone. */
export type Who = "team" | "solo";

/** After how many slices the other way is tried again: more each time it turns out slower. */
const [SOONEST, LATEST] = [6, 64];

/**
 * Chooses between the team and one thread alone by what has lately been faster. A team meets several times a mini-batch; where another
 * program wants a core, each meeting may wait for it, and one thread alone can be five times as fast. No result depends on the choice.
 */
export class Pace {
  #best: Who = "team";
  /** Milliseconds an example, lately. */
  readonly #cost: Partial<Record<Who, number>> = {};
  #isTrial = false;
  #untilTrial = SOONEST;
  #wait = SOONEST;

  get best(): Who {
    return this.#best;
  }

  /** Who does the next slice. A trial is two slices long, the first untimed: the system needs a moment to give each thread a core. */
  next(): { who: Who; isTimed: boolean } {
    if (this.#isTrial) {
      this.#isTrial = false;
      return { who: other(this.#best), isTimed: true };
    }
    this.#isTrial = --this.#untilTrial < 0;
    return { who: this.#isTrial ? other(this.#best) : this.#best, isTimed: !this.#isTrial };
  }

  /** Takes note of what examples cost. */
  note(who: Who, cost: number): void {
    const before = this.#cost[who];
    const isTrial = who !== this.#best;
    this.#cost[who] = before === undefined || isTrial ? cost : (before + cost) / 2;
    if (!isTrial) return;
    if (cost < (this.#cost[this.#best] ?? Number.POSITIVE_INFINITY)) {
      this.#best = who;
      this.#wait = SOONEST;
    } else {
      this.#wait = Math.min(LATEST, 2 * this.#wait);
    }
    this.#untilTrial = this.#wait;
  }
}

function other(who: Who): Who {
  return who === "team" ? "solo" : "team";
}
