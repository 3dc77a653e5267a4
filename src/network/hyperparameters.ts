/** The tables of a network's settings and of the hyperparameters that both engines obey. */
import {
  aboveZero,
  defaultsOf,
  finiteFromZero,
  fromZeroToBelowOne,
  namesOf,
  orInfinity,
  setting,
  type ValuesOf,
  wholeNumber,
} from "../ranges.js";
import { ACTIVATIONS } from "./activation.js";
import { COSTS } from "./cost.js";
import { INITS } from "./init.js";
import { OUTPUTS } from "./output.js";

/** How a mini-batch moves the parameters, apart from the learning rate. The defaults are those of the book's chapter 1. */
export const HYPERPARAMETERS = {
  /** The number of examples per mini-batch, from 1 to all. */
  batchSize: setting(10, wholeNumber(1)),

  /** The cost function that gradient descent makes small. */
  cost: setting("quadratic", namesOf(COSTS)),

  /** L2 regularisation: adds lambda/2n times the sum of the squared weights to the cost (Nielsen, chapter 3, equation 85). */
  lambda: setting(0, finiteFromZero),

  /** L1 regularisation: adds l1/n times the sum of the absolute values of the weights (Nielsen, chapter 3, equation 95). */
  l1: setting(0, finiteFromZero),

  /** mu: the share of its velocity that a parameter keeps from step to step (Nielsen, chapter 3, equations 107 and 108). */
  momentum: setting(0, fromZeroToBelowOne),

  /** The share of the hidden neurons that each example leaves out; the activations of the others are divided by 1 - dropout. */
  dropout: setting(0, fromZeroToBelowOne),

  /** The largest length of a neuron's vector of incoming weights (Srivastava and others, 2014, section 5.1); Infinity for none. */
  maxNorm: setting(Number.POSITIVE_INFINITY, orInfinity(aboveZero)),
};

export type Hyperparameters = ValuesOf<typeof HYPERPARAMETERS>;

export const DEFAULTS: Hyperparameters = defaultsOf(HYPERPARAMETERS);

/** What a network's neurons compute, and how its parameters are drawn. The defaults are those of the book's chapter 1. */
export const NETWORK_SETTINGS = {
  /** The activation function of the hidden neurons. */
  activation: setting("sigmoid", namesOf(ACTIVATIONS)),

  /** The activation function of the output layer. */
  output: setting("sigmoid", namesOf(OUTPUTS)),

  /** The distribution from which the weights and biases are drawn. */
  init: setting("gaussian", namesOf(INITS)),
};
