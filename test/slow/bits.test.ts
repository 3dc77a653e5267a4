import { describe, expect, it } from "vitest";
import { CASES, dataOf, fast } from "../fixtures/kernel.js";

/** Threads, mini-batches a call, build: ways to the same bits. */
const WAYS = [
  [1, 1, "release"],
  [2, 1, "debug"],
  [2, 1e9, "release"],
  [3, 2, "release"],
  [4, 1e9, "release"],
] as const;
describe("the fast engine", () => {
  it.each(CASES)(
    "repeats to the bit for any threads, slices and build: %j, %j, %i rows, batch %i, %i examples",
    async (choice, sizes, rows, batchSize, n) => {
      const data = dataOf(sizes, rows, n);
      const first = await fast(sizes, data, { ...choice, batchSize, threads: 1 });
      for (const [threads, slice, build] of WAYS) {
        const { hash, outputs } = await fast(sizes, data, { ...choice, batchSize, threads, build }, slice);
        expect({ threads, slice, hash, outputs }).toEqual({
          threads,
          slice,
          hash: first.hash,
          outputs: first.outputs,
        });
      }
    },
  );
});
