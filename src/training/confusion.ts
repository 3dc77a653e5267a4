/**
 * How often each label got each answer: `confusion[label][answer]`, a square of as many rows as a network has output neurons.
 */
export type Confusion = readonly Uint32Array[];

/** How well a network tells one class from the others, from 0 to 1; what would be divided by 0 is null. */
export interface ClassScore {
  class: number;
  /** How many examples have this label, and how many got this answer. */
  examples: number;
  answers: number;
  /** Of the examples that got this answer, the share that have this label. */
  precision: number | null;
  /** Of the examples that have this label, the share that got this answer. */
  recall: number | null;
  /** The harmonic mean of precision and recall. */
  f1: number | null;
}

/** No example yet. */
export function noConfusion(classes: number): Confusion {
  return Array.from({ length: classes }, () => new Uint32Array(classes));
}

/** Precision, recall and F1 = 2 TP / (2 TP + FP + FN) of every class (van Rijsbergen, "Information Retrieval", 1979, chapter 7). */
export function classScores(confusion: Confusion): ClassScore[] {
  return confusion.map((row, c) => {
    const right = row[c];
    const examples = row.reduce((sum, n) => sum + n, 0);
    const answers = confusion.reduce((sum, row) => sum + row[c], 0);
    return {
      class: c,
      examples,
      answers,
      precision: share(right, answers),
      recall: share(right, examples),
      f1: share(2 * right, examples + answers),
    };
  });
}

function share(n: number, of: number): number | null {
  return of === 0 ? null : n / of;
}
