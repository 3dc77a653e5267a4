/** How widely a layer's weights and biases spread at first: standard deviations of normal distributions around 0. */
export interface Init {
  /** For a layer of nOut neurons above one of nIn. */
  weights(nIn: number, nOut: number): number;
  biases: number;
}

/** The ways to start, by the name that `--init` gives them. */
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
