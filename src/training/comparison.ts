/** Compares computed numbers with expected ones, and estimates the slopes that gradients are compared with. */

/** A number that was computed and the one that is expected; undefined where the cost has a kink, and so no slope. */
export type Pair = [found: number, expected: number | undefined];

export type Comparison = ReturnType<typeof compare>;

/**
 * If all numbers of a layer are smaller than `least`, they are compared as if the largest were as large as that.
 *
 * Central differences have an absolute error of about 1e-10, so that of 1 % of `least` is 1e-5. A step in float32 has an error of up to
 * 6e-8 of the parameter, from rounding it, and more from the sums in the step: 1e-6 at most in all the networks that were tried.
 */
export const BOUNDS = {
  differences: { tolerance: 1e-5, least: 1e-3 },
  float32: { tolerance: 5e-3, least: 0.1 },
};
export type Bounds = typeof BOUNDS.differences;

/**
 * Counts the pairs that can be compared, and the others, where the cost has a kink (relu, l1). The error of a pair is its difference, divided
 * by the larger of its two numbers, or by 1 % of the largest of the layer if that is more.
 */
export function compare(layers: Pair[][], { tolerance, least }: Bounds) {
  let [numbers, kinks, largestError] = [0, 0, 0];
  for (const pairs of layers) {
    const comparable = withoutKinks(pairs);
    kinks += pairs.length - comparable.length;
    numbers += comparable.length;
    const largest = comparable.reduce((largest, [, expected]) => Math.max(largest, Math.abs(expected)), least);
    for (const [found, expected] of comparable) {
      const scale = Math.max(Math.abs(found), Math.abs(expected), largest / 100);
      largestError = Math.max(largestError, Math.abs(found - expected) / scale);
    }
  }
  return { numbers, kinks, largestError, tolerance, passed: largestError <= tolerance };
}

/**
 * Makes one computed number wrong by 1 %, so that `compare` must notice it: the largest of the last layer that has pairs to compare. If
 * it is 0, as all gradients of a dead relu neuron are, it is changed by the least that is noticed.
 */
export function spoil(layers: Pair[][], { least }: Bounds): void {
  const pairs = layers.map(withoutKinks).findLast(({ length }) => length > 0) ?? [];
  const largest = pairs.reduce((a, b) => (Math.abs(b[0]) >= Math.abs(a[0]) ? b : a), [0, 0]);
  largest[0] += (largest[0] < 0 ? -0.01 : 0.01) * Math.max(Math.abs(largest[0]), least / 100);
}

function withoutKinks(pairs: Pair[]) {
  return pairs.filter((pair): pair is [found: number, expected: number] => pair[1] !== undefined);
}

/** The step h of central differences. Their errors, of about h^2 by truncation and 2e-16/h by rounding, are then near 1e-10. */
const H = 1e-5;

/**
 * The derivative of f at 0 by central differences; undefined if f has a kink nearby. A kink shows in differences that depend on the step,
 * or that are not the same on both sides of 0.
 */
export function slope(f: (h: number) => number): number | undefined {
  const [far, near, middle] = [(f(H) - f(-H)) / (2 * H), (f(H / 2) - f(-H / 2)) / H, f(0)];
  const [above, below] = [(f(H) - middle) / H, (middle - f(-H)) / H];
  const dependsOnStep = Math.abs(far - near) > 1e-7 + 1e-5 * Math.abs(far);
  const dependsOnSide = Math.abs(above - below) > 1e-4 + 0.1 * Math.max(Math.abs(above), Math.abs(below));
  return dependsOnStep || dependsOnSide ? undefined : far;
}
