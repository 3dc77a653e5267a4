/** The fast engine against itself, to the bit, over every shape. */
import { describe, it } from "vitest";
import { CASES, expectSameBits } from "../fixtures/kernel.js";

describe("the fast engine", () => {
  it.each(CASES)(
    "repeats to the bit for any threads, slices and build, with lists and without: %j, %j, %i rows, batch %i, %i examples",
    (...shape) =>
      expectSameBits(shape, [
        [1, 1, "release", true],
        [1, 2, "release256", false],
        [2, 1, "debug", false],
        [2, 1e9, "release256", true],
        [3, 2, "release", false],
        [3, 1, "debug", true],
        [4, 1e9, "release256", true],
      ]),
  );
});
