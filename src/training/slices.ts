/** How long a slice should take, in milliseconds: after each there is progress, and a run can end. */
const SLICE_MS = 20;

/** Cuts 0 .. n - 1 into slices of whole units, as [from, to), each sized by the time that the one before it took. */
export class Slices {
  readonly #unit: number;
  readonly #most: number;
  #units = 1;

  /** `most`: units a slice at most. */
  constructor(unit: number, most = Number.POSITIVE_INFINITY) {
    this.#unit = unit;
    this.#most = most;
  }

  *of(n: number, start = 0): Generator<[from: number, to: number]> {
    for (let from = start; from < n; ) {
      const begun = performance.now();
      const to = Math.min(n, from + this.#units * this.#unit);
      yield [from, to];
      const units = Math.ceil((to - from) / this.#unit); // the last slice may be smaller
      from = to;
      const factor = Math.min(8, SLICE_MS / (performance.now() - begun));
      this.#units = Math.min(this.#most, Math.max(1, Math.round(units * factor)));
    }
  }
}
