import { ConfigurationError } from "../errors.js";
import { sigmoid, sigmoidPrime } from "./activation.js";
import { largestOf, type OutputName } from "./output.js";

/**
 * What one example costs. y, the desired output, is 1 at the label's neuron and 0 elsewhere; it is never stored, but worked out one
 * number at a time.
 */
export interface Cost {
  /** The output layers that it is defined for. */
  outputs: readonly OutputName[];
  /** C for the weighted inputs z^L of the output layer; from z, so that nothing overflows however far an output is saturated. */
  value(z: Float64Array, label: number): number;
  /** BP1: delta^L_j = dC/dz^L_j, for the z, a and y of one output neuron; `delta` of the cost in the book's network2.py. */
  delta(z: number, a: number, y: number): number;
}

/** The costs, by the name that `--cost` gives them. Each `delta` has its counterpart in engines/fast/assembly/activation.ts. */
export const COSTS = {
  /** C = 1/2 |a - y|^2 (Nielsen, chapter 2, equation 27); delta = (a - y) sigma'(z). */
  quadratic: {
    outputs: ["sigmoid"],
    value: (z, label) => 0.5 * sum(z, (z, j) => (sigmoid(z) - y(j, label)) ** 2),
    delta: (z, a, y) => (a - y) * sigmoidPrime(z),
  },

  /**
   * C = - sum over j of y_j ln a_j + (1 - y_j) ln(1 - a_j) (Nielsen, chapter 3, equation 63); sigma' cancels: delta = a - y. With
   * a = sigma(z), a term is ln(1 + e^z) - y z; its small part comes last, so that a cost near 0 keeps its digits.
   */
  "cross-entropy": {
    outputs: ["sigmoid"],
    value: (z, label) => sum(z, (z, j) => Math.max(z, 0) - y(j, label) * z + Math.log1p(Math.exp(-Math.abs(z)))),
    delta: (_, a, y) => a - y,
  },

  /** C = -ln a_label, of a softmax (Nielsen, chapter 3, equation 80); delta = a - y. It is ln(sum over k of e^z_k) - z_label. */
  "log-likelihood": {
    outputs: ["softmax"],
    value(z, label) {
      const largest = largestOf(z);
      return Math.log(sum(z, (z) => Math.exp(z - largest))) - (z[label] - largest);
    },
    delta: (_, a, y) => a - y,
  },
} satisfies Record<string, Cost>;

export type CostName = keyof typeof COSTS;

/** @throws ConfigurationError if the cost is not defined for that output layer */
export function checkCost(cost: CostName, output: OutputName): void {
  const { outputs }: Cost = COSTS[cost];
  if (outputs.includes(output)) return;
  const fitting = Object.entries<Cost>(COSTS).flatMap(([name, { outputs }]) => (outputs.includes(output) ? name : []));
  throw new ConfigurationError({
    thing: `cost ${cost}`,
    expected: `output ${outputs.join(" or ")}`,
    found: `output ${output}`,
    remedy: `use output ${outputs.join(" or ")}, or cost ${fitting.join(" or ")}`,
  });
}

/** The desired output of neuron j. */
export function y(j: number, label: number): number {
  return j === label ? 1 : 0;
}

function sum(z: Float64Array, term: (z: number, j: number) => number): number {
  let sum = 0;
  for (let j = 0; j < z.length; j++) sum += term(z[j], j);
  return sum;
}
