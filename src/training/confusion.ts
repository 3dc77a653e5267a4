/** The confusion matrix, and the scores of the classes that follow from it. */

/** `confusion[label][answer]` is the number of examples with that label and that answer; (classes, classes). */
export type Confusion = readonly Uint32Array[];

/** How well a network tells one class from the others. A quotient of nothing by nothing is null. */
export interface ClassScore {
  class: number;
  /** The number of examples with this label, and with this answer. */
  examples: number;
  answers: number;
  /** The share of the answers that are right, 0..1. */
  precision: number | null;
  /** The share of the examples that are answered right, 0..1. */
  recall: number | null;
  /** The harmonic mean of precision and recall. */
  f1: number | null;
}

/** Precision, recall and F1 = 2 TP / (2 TP + FP + FN) of every class (van Rijsbergen, "Information Retrieval", 1979, chapter 7). */
export function classScores(confusion: Confusion): ClassScore[] {
  return confusion.map((row, c) => {
    const right = row[c];
    const examples = row.reduce((sum, n) => sum + n, 0);
    const answers = confusion.reduce((sum, row) => sum + row[c], 0);
    const [precision, recall] = [share(right, answers), share(right, examples)];
    return { class: c, examples, answers, precision, recall, f1: share(2 * right, examples + answers) };
  });
}

function share(n: number, of: number): number | null {
  return of === 0 ? null : n / of;
}
