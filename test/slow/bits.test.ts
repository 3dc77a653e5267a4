import { describe, it } from "vitest";
import { CASES, expectSameBits, HAS_256 } from "../fixtures/kernel.js";

describe("the fast engine", () => {
  it.each(CASES)(
    "repeats to the bit for any threads, slices and build: %j, %j, %i rows, batch %i, %i examples",
    (...shape) =>
      expectSameBits(shape, [
        [1, 1, "release"],
        [2, 1, "debug"],
        [2, 1e9, "release"],
        [3, 2, "release"],
        [4, 1e9, "release"],
      ]),
  );

  it.skipIf(!HAS_256).each(CASES)(
    "repeats to the bit with 256-bit SIMD (on Node 24 and 26, with AVX2): %j, %j, %i rows, batch %i, %i examples",
    (...shape) =>
      expectSameBits(shape, [
        [1, 1, "release", 256],
        [2, 1e9, "release", 256],
        [3, 2, "release", 256],
      ]),
  );
});
