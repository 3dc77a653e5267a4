import { describe, expect, it } from "vitest";
import { classScores } from "../../dist/training/confusion.js";

describe("classScores", () => {
  it("gives what is worked out by hand, and null where there is nothing to divide by", () => {
    // class 0: 5 right of 8 examples and 6 answers; 1: 3 of 5 and 6; 2: one answer, no example; 3: neither
    const confusion = [
      [5, 2, 1, 0],
      [1, 3, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ].map((row) => Uint32Array.from(row));
    expect(classScores(confusion)).toEqual([
      { class: 0, examples: 8, answers: 6, precision: 5 / 6, recall: 5 / 8, f1: 10 / 14 },
      { class: 1, examples: 4, answers: 5, precision: 3 / 5, recall: 3 / 4, f1: 6 / 9 },
      { class: 2, examples: 0, answers: 1, precision: 0, recall: null, f1: 0 },
      { class: 3, examples: 0, answers: 0, precision: null, recall: null, f1: null },
    ]);
  });
});
