/** Cuts work into slices of about 20 ms, so that there is progress and a run can be interrupted in between. */

/** The time that a slice should take, in milliseconds. */
const SLICE_MS = 20;

export class Slices {
  #units = 1;

  /**
   * @param unit  a slice holds whole units, such as mini-batches, of this size
   * @param most  the largest number of units per slice
   */
  constructor(
    private readonly unit: number,
    private readonly most = Number.POSITIVE_INFINITY,
  ) {}

  /** Slices of start, ..., n - 1 as [from, to). The size of each comes from the time that the one before took. */
  *of(n: number, start = 0): Generator<[from: number, to: number]> {
    for (let from = start; from < n; ) {
      const startTime = performance.now();
      const to = Math.min(n, from + this.#units * this.unit);
      yield [from, to];
      const units = Math.ceil((to - from) / this.unit); // the last slice may be smaller
      from = to;
      const factor = Math.min(8, SLICE_MS / (performance.now() - startTime));
      this.#units = Math.min(this.most, Math.max(1, Math.round(units * factor)));
    }
  }
}
