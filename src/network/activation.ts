/** The activation functions of hidden neurons, and the sigmoid. */
import { exp, tanh } from "./elementary.js";

/** A function that computes a neuron's activation a from its weighted input z. The book calls it sigma. */
export interface Activation {
  value(z: number): number;
  /** The derivative da/dz at z. */
  derivative(z: number): number;
}

/**
 * The activation functions of hidden neurons, by the names that `--activation` takes. engines/fast/assembly/activation.ts computes the same
 * functions in float32.
 */
export const ACTIVATIONS = {
  /** The sigmoid, sigma(z) = 1 / (1 + e^-z), between 0 and 1 (Nielsen, chapter 1, equation 3). */
  sigmoid: { value: sigmoid, derivative: sigmoidPrime },

  /**
   * The hyperbolic tangent, tanh(z) = (e^z - e^-z) / (e^z + e^-z), between -1 and 1 (Nielsen, chapter 3, equation 109). Its derivative is
   * 1 - tanh(z)^2.
   */
  tanh: { value: tanh, derivative: tanhPrime },

  /**
   * The rectified linear function, max(0, z) (Nielsen, chapter 3, equation 112). Its derivative is 1 for z > 0 and 0 for z < 0. At z = 0,
   * where it has none, 0 is used.
   */
  relu: { value: (z) => Math.max(0, z), derivative: (z) => (z > 0 ? 1 : 0) },
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof ACTIVATIONS;

/**
 * Computes the sigmoid. It uses e^-z for a positive z and e^z for a negative one, because the other of the two can overflow. The result is 0
 * for minus infinity and 1 for infinity.
 */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + exp(-z));
  const e = exp(z);
  return e / (1 + e);
}

/** Computes the sigmoid's derivative, sigma'(z) = sigma(z) (1 - sigma(z)). It is `sigmoid_prime` in the book's program. */
export function sigmoidPrime(z: number): number {
  const a = sigmoid(z);
  return a * (1 - a);
}

function tanhPrime(z: number): number {
  const a = tanh(z);
  return 1 - a * a;
}
