/**
 * The sigmoid, sigma(z) = 1 / (1 + e^-z) (Nielsen, chapter 1, equation 3).
 *
 * Written so that the exponent is never positive: it overflows for no z. Gives 0 and 1 for minus and plus infinity.
 */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** The sigmoid's derivative, sigma'(z) = sigma(z) (1 - sigma(z)); `sigmoid_prime` in the book's program. */
export function sigmoidPrime(z: number): number {
  const a = sigmoid(z);
  return a * (1 - a);
}
