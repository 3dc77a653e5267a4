/** The mean and the spread of some numbers. */
export interface Statistics {
  count: number;
  mean: number;
  /** Of the sample: the sum of squares is divided by count - 1. Null for a single number. */
  standardDeviation: number | null;
  /** The smallest number, and the largest. */
  worst: number;
  best: number;
}

/** @throws RangeError if there are no numbers */
export function statistics(values: readonly number[]): Statistics {
  const count = values.length;
  if (count === 0) throw new RangeError("values: expected one or more, found none");
  const mean = values.reduce((sum, value) => sum + value) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  const standardDeviation = count > 1 ? Math.sqrt(squares / (count - 1)) : null;
  return { count, mean, standardDeviation, worst: Math.min(...values), best: Math.max(...values) };
}
