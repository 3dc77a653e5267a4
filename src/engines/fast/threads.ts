import { availableParallelism } from "node:os";

/** From how many multiply-adds a mini-batch a second thread pays: [784,30,10] at batch 10 has 48,000, [784,100,10] 160,000. */
const WORTH_SHARING = 100_000;

/** The share of the pixels that are not 0, as in MNIST. */
const INK = 0.19;

/** How many threads are fastest for a network and size of mini-batch on this machine. */
export function bestThreads(sizes: readonly number[], batchSize: number): number {
  let work = INK * sizes[0] * sizes[1];
  for (let l = 1; l + 1 < sizes.length; l++) work += sizes[l] * sizes[l + 1];
  const widest = Math.max(...sizes.slice(1));
  return batchSize * work < WORTH_SHARING
    ? 1
    : Math.max(1, Math.min(availableParallelism(), Math.floor(widest / 8), 8));
}
