/** How the weights and biases of a new network are drawn. */

/** Standard deviations of the normal distributions, with mean 0, from which weights and biases are drawn. */
export interface Init {
  /** For the weights of a layer of nOut neurons with nIn inputs each. */
  weights(nIn: number, nOut: number): number;
  biases: number;
}

/** The initialisations, by the names that `--init` takes. N(0, v) is the normal distribution with mean 0 and variance v. */
export const INITS = {
  /** Weights and biases from N(0, 1): the book's chapters 1 and 2; `large_weight_initializer` in network2.py. */
  gaussian: { weights: () => 1, biases: 1 },

  /** Weights from N(0, 1/n_in), biases from N(0, 1): the book's chapter 3; `default_weight_initializer` in network2.py. */
  scaled: { weights: (nIn) => Math.sqrt(1 / nIn), biases: 1 },

  /** Weights from N(0, 2/(n_in + n_out)), biases 0 (Glorot and Bengio, 2010): made for tanh. */
  xavier: { weights: (nIn, nOut) => Math.sqrt(2 / (nIn + nOut)), biases: 0 },

  /** Weights from N(0, 2/n_in), biases 0 (He, Zhang, Ren and Sun, 2015): made for relu. */
  he: { weights: (nIn) => Math.sqrt(2 / nIn), biases: 0 },
} satisfies Record<string, Init>;

export type InitName = keyof typeof INITS;
