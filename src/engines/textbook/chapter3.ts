/** What chapter 3 of Nielsen's book adds to gradient descent: regularisation, momentum and dropout. Also max-norm, which the book does not have. */
import { dropFactor, type Masks } from "../../network/dropout.js";
import type { Hyperparameters } from "../../network/hyperparameters.js";
import { arraysOf, type Network, type Parameters } from "../../network/network.js";

/**
 * Adds m times the gradient of the regularisation terms to the sum of the gradients of m examples (Nielsen, equations 88 and 96).
 *
 * L2 adds lambda/2n times the sum of the squared weights to the cost, with the derivative lambda/n w. L1 adds l1/n times the sum of the
 * weights' absolute values, with the derivative l1/n sgn(w). Biases are not regularised.
 *
 * @param nablaW  nablaW[l] has the shape of weights[l]
 * @param n       the number of training examples
 */
export function addRegularisation(
  nablaW: Float64Array[],
  weights: Float64Array[],
  { lambda, l1 }: Hyperparameters,
  m: number,
  n: number,
): void {
  if (lambda === 0 && l1 === 0) return;
  for (let l = 0; l < weights.length; l++) {
    const w = weights[l];
    for (let i = 0; i < w.length; i++) nablaW[l][i] += ((m * lambda) / n) * w[i] + ((m * l1) / n) * Math.sign(w[i]);
  }
}

/**
 * Moves the parameters by their velocities: v' = mu v - step * nabla, then w' = w + v' (Nielsen, equations 107 and 108), and the same
 * for the biases. Overwrites `velocity`, v, with v'.
 */
export function descendWithMomentum(
  parameters: Parameters,
  velocity: Parameters,
  nabla: Parameters,
  mu: number,
  step: number,
): void {
  const [velocities, gradients] = [arraysOf(velocity), arraysOf(nabla)];
  for (const [n, w] of arraysOf(parameters).entries()) {
    const [v, gradient] = [velocities[n], gradients[n]];
    for (let i = 0; i < w.length; i++) {
      v[i] = mu * v[i] - step * gradient[i];
      w[i] += v[i];
    }
  }
}

/**
 * Scales the weights into a neuron, one row of a weight matrix, down to the length `maxNorm` where they are longer. The book does not
 * have this limit; it comes from Srivastava and others, "Dropout" (2014), section 5.1.
 */
export function limitNorms({ sizes, weights }: Network, { maxNorm }: Hyperparameters): void {
  if (maxNorm === Number.POSITIVE_INFINITY) return;
  for (let l = 0; l < weights.length; l++) {
    for (let start = 0; start < weights[l].length; start += sizes[l]) {
      const row = weights[l].subarray(start, start + sizes[l]);
      let sum = 0;
      for (let k = 0; k < row.length; k++) sum += row[k] * row[k];
      if (sum <= maxNorm * maxNorm) continue;
      const scale = maxNorm / Math.sqrt(sum);
      for (let k = 0; k < row.length; k++) row[k] *= scale;
    }
  }
}

/**
 * Dropout: multiplies one value per neuron of the hidden layer l, its activation or its sigma'(z), by 0 if the neuron is left out of the
 * example, and by 1 / (1 - dropout) otherwise. So the weights need not be halved after training, as the book does for dropout 0.5.
 *
 * @param values  length sizes[l]
 * @param masks   which neurons are left out; nothing changes without
 */
export function dropOut(values: Float64Array, l: number, dropout: number, masks: Masks | undefined): void {
  if (masks === undefined || dropout === 0) return;
  for (let j = 0; j < values.length; j++) values[j] *= dropFactor(dropout, masks, l, j);
}
