/** The activation functions of the output layer. */
import { sigmoid } from "./activation.js";
import { exp } from "./elementary.js";

/** A function that gives the activations a^L of the output layer for its weighted inputs z^L. */
export interface Output {
  /** Writes a^L for z^L into `a`, of the same length. `a` may be `z` itself. */
  activate(z: Float64Array, a: Float64Array): void;
}

/** The output layers, by the name that `--output` gives them; in the kernel: `outputDelta` in engines/fast/assembly/activation.ts. */
export const OUTPUTS = {
  /** The sigmoid of each z, as in the book's chapters 1 and 2. */
  sigmoid: {
    activate(z, a) {
      for (let j = 0; j < z.length; j++) a[j] = sigmoid(z[j]);
    },
  },

  /** Softmax, a_j = e^z_j / sum over k of e^z_k: a probability for each class (Nielsen, chapter 3, equation 78). It does not overflow. */
  softmax: {
    activate(z, a) {
      const largest = largestOf(z);
      let sum = 0;
      for (let j = 0; j < z.length; j++) {
        a[j] = exp(z[j] - largest);
        sum += a[j];
      }
      for (let j = 0; j < z.length; j++) a[j] /= sum;
    },
  },
} satisfies Record<string, Output>;

export type OutputName = keyof typeof OUTPUTS;

/** The largest number in an array. It uses a loop, because Math.max(...values) fails for long arrays. */
export function largestOf(values: Float64Array): number {
  let largest = values[0];
  for (let j = 1; j < values.length; j++) if (values[j] > largest) largest = values[j];
  return largest;
}
