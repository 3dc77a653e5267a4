/** The cost functions, and the equation BP1 of each. */
import { ConfigurationError } from "../errors.js";
import { sigmoid, sigmoidPrime } from "./activation.js";
import { exp, log, log1p } from "./elementary.js";
import { largestOf, type OutputName } from "./output.js";

/** The cost C of one example. The desired output y is 1 for the label's neuron and 0 for the others; it is not stored (see `y`). */
export interface Cost {
  /** The output layers for which the cost is defined. */
  outputs: readonly OutputName[];
  /** C for the weighted inputs z^L of the output layer. It is computed from z, not from a, so that it is finite where a is rounded to 0 or 1. */
  value(z: Float64Array, label: number): number;
  /** BP1: delta^L_j = dC/dz^L_j, for z, a and y of one output neuron. It is `delta` of a cost in the book's network2.py. */
  delta(z: number, a: number, y: number): number;
}

/** The costs, by the name that `--cost` gives them. Each `delta` has its counterpart in engines/fast/assembly/activation.ts. */
export const COSTS = {
  /** C = 1/2 |a - y|^2 (Nielsen, chapter 2, equation 27); delta = (a - y) sigma'(z). */
  quadratic: {
    outputs: ["sigmoid"],
    value: (z, label) => 0.5 * sum(z, (z, j) => square(sigmoid(z) - y(j, label))),
    delta: (z, a, y) => (a - y) * sigmoidPrime(z),
  },

  /**
   * C = - sum over j of y_j ln a_j + (1 - y_j) ln(1 - a_j) (Nielsen, chapter 3, equation 63); sigma' cancels: delta = a - y. For
   * a = sigma(z), each term is ln(1 + e^z) - y z. Its small part is added last, so that a cost near 0 keeps its digits.
   */
  "cross-entropy": {
    outputs: ["sigmoid"],
    value: (z, label) => sum(z, (z, j) => Math.max(z, 0) - y(j, label) * z + log1p(exp(-Math.abs(z)))),
    delta: (_, a, y) => a - y,
  },

  /** C = -ln a_label, for softmax (Nielsen, chapter 3, equation 80); delta = a - y. In z, C = ln(sum over k of e^z_k) - z_label. */
  "log-likelihood": {
    outputs: ["softmax"],
    value(z, label) {
      const largest = largestOf(z);
      return log(sum(z, (z) => exp(z - largest))) - (z[label] - largest);
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
  const expected = `output ${outputs.join(" or ")}`;
  const remedy = `use ${expected}, or cost ${fitting.join(" or ")}`;
  throw new ConfigurationError({ thing: `cost ${cost}`, expected, found: `output ${output}`, remedy });
}

/** The desired output y_j of output neuron j. */
export function y(j: number, label: number): number {
  return j === label ? 1 : 0;
}

function square(x: number): number {
  return x * x;
}

function sum(z: Float64Array, term: (z: number, j: number) => number): number {
  let sum = 0;
  for (let j = 0; j < z.length; j++) sum += term(z[j], j);
  return sum;
}
