import { ConfigurationError, shown } from "../errors.js";
import type { CostName } from "./cost.js";

/** How a mini-batch moves the parameters, the learning rate apart. The defaults are the book's chapter 1. */
export interface Hyperparameters {
  /** Examples a mini-batch, 1 to all. */
  batchSize: number;
  cost: CostName;
  /** L2 regularisation: adds lambda/2n times the sum of the squared weights to the cost (Nielsen, chapter 3, equation 85). */
  lambda: number;
  /** L1 regularisation: adds l1/n times the sum of the weights' absolute values (Nielsen, chapter 3, equation 95). */
  l1: number;
  /** mu, how much of its velocity a parameter keeps from step to step, 0 to below 1 (Nielsen, chapter 3, equations 107 and 108). */
  momentum: number;
  /** The share of hidden neurons that each example leaves out, 0 to below 1; the rest count 1 / (1 - dropout) times as much. */
  dropout: number;
  /** The length that no neuron's vector of incoming weights exceeds (Srivastava and others, 2014, section 5.1); or Infinity. */
  maxNorm: number;
}

export const DEFAULTS: Hyperparameters = {
  batchSize: 10,
  cost: "quadratic",
  lambda: 0,
  l1: 0,
  momentum: 0,
  dropout: 0,
  maxNorm: Number.POSITIVE_INFINITY,
};

/** @throws ConfigurationError if one makes no sense for `n` training examples */
export function checkHyperparameters(
  { batchSize, lambda, l1, momentum, dropout, maxNorm }: Hyperparameters,
  n: number,
): void {
  const isBatch = Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= n;
  check(`batch size ${batchSize}`, batchSize, isBatch, `a whole number from 1 to ${n}, the training examples`);
  for (const [name, value] of Object.entries({ lambda, l1 })) {
    check(name, value, value >= 0 && value < Number.POSITIVE_INFINITY, "a finite number from 0");
  }
  for (const [name, value] of Object.entries({ momentum, dropout })) {
    check(name, value, value >= 0 && value < 1, "a number from 0 to below 1");
  }
  check("max norm", maxNorm, maxNorm > 0, "a number above 0");
}

/** @throws ConfigurationError if `found` is no number, or not a fitting one */
export function check(thing: string, found: number, isFitting: boolean, expected: string): void {
  if (!(typeof found === "number" && isFitting)) throw new ConfigurationError({ thing, expected, found: shown(found) });
}
