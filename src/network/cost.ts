/**
 * The quadratic cost of one example, C = 1/2 |a - y|^2 (Nielsen, chapter 2, equation 27).
 *
 * y is the desired output, 1 at the label's neuron and 0 elsewhere; it exists only in these two functions.
 *
 * @param a      the output activations
 * @param label  the digit, an index into a
 */
export function quadraticCost(a: Float64Array, label: number): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += costDerivative(a, label, j) ** 2;
  return sum / 2;
}

/** dC/da_j = a_j - y_j of the quadratic cost; `cost_derivative` in the book's program. */
export function costDerivative(a: Float64Array, label: number, j: number): number {
  return a[j] - (j === label ? 1 : 0);
}
