/** The activation functions of hidden neurons, and the sigmoid. */

/** A function that gives a neuron's activation a for its weighted input z = w a + b. The book calls it sigma. */
export interface Activation {
  value(z: number): number;
  /** da/dz at z. */
  derivative(z: number): number;
}

/**
 * The activations of hidden neurons, by the name that `--activation` gives them. Each has its counterpart in float32 in
 * engines/fast/assembly/activation.ts.
 */
export const ACTIVATIONS = {
  /** The sigmoid, sigma(z) = 1 / (1 + e^-z), between 0 and 1 (Nielsen, chapter 1, equation 3). */
  sigmoid: { value: sigmoid, derivative: sigmoidPrime },

  /** The hyperbolic tangent, tanh(z) = 2 sigma(2z) - 1, between -1 and 1 (Nielsen, chapter 3, equation 109); tanh' = 1 - tanh^2. */
  tanh: { value: Math.tanh, derivative: (z) => 1 - Math.tanh(z) ** 2 },

  /** Rectified linear, max(0, z) (Nielsen, chapter 3, equation 112); its derivative is 1 above 0 and counts as 0 at 0. */
  relu: { value: (z) => Math.max(0, z), derivative: (z) => (z > 0 ? 1 : 0) },
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof ACTIVATIONS;

/** The sigmoid. Its exponent is never positive, so that e^z does not overflow; for minus and plus infinity it is 0 and 1. */
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
