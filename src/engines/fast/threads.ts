/** Chooses the number of threads for `--threads auto`. */
import { availableParallelism } from "node:os";

/**
 * The smallest number of multiply-adds per mini-batch for which a second thread is faster. At batch size 10, [784,30,10] takes 48,000 and
 * [784,100,10] takes 160,000.
 */
const WORTH_SHARING = 100_000;

/** The largest number of threads that is chosen, and the smallest number of neurons per thread in the widest layer. */
const [MOST, NEURONS_PER_THREAD] = [8, 8];

/** The share of the pixels that are not 0, as in MNIST. */
const INK = 0.19;

/** The number of threads that is fastest on this machine for networks of these sizes. */
export function bestThreads(sizes: readonly number[], batchSize: number): number {
  let work = INK * sizes[0] * sizes[1];
  for (let l = 1; l + 1 < sizes.length; l++) work += sizes[l] * sizes[l + 1];
  if (batchSize * work < WORTH_SHARING) return 1;
  const widest = Math.max(...sizes.slice(1));
  return Math.max(1, Math.min(availableParallelism(), Math.floor(widest / NEURONS_PER_THREAD), MOST));
}
