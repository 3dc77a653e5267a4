import type { Dataset } from "../data/dataset.js";
import type { Part } from "../data/parts.js";
import { TextbookEngine } from "../engines/textbook/textbook-engine.js";
import { ConfigurationError } from "../errors.js";
import type { CostName } from "../network/cost.js";
import { DEFAULTS } from "../network/hyperparameters.js";
import type { Network } from "../network/network.js";
import { OUTPUTS } from "../network/output.js";
import { type Confusion, noConfusion } from "./confusion.js";
import { type Answer, type Evaluation, Evaluator } from "./evaluation.js";
import { checkFit } from "./fit.js";

/** An example that a network answers wrong. */
export interface Mistake extends Answer {
  /** The output activation of the answer, which is larger than the label's. */
  activation: number;
}

/** All that a network's answers for a set of examples tell. */
export interface Assessment extends Evaluation {
  /** The mean of the examples, without regularisation. */
  cost: number;
  confusion: Confusion;
  /** The costliest first. */
  mistakes: Mistake[];
}

/**
 * Puts every example of a part to a network that is trained, in float64.
 *
 * @param cost  by which the examples are measured
 * @throws ConfigurationError if the network does not fit the data, or the part is empty
 */
export async function assess(network: Network, data: Dataset, part: Part, cost: CostName): Promise<Assessment> {
  checkFit(network.sizes, data);
  if (data[part].labels.length === 0) {
    const remedy = part === "validation" ? "hold some out for validation" : undefined;
    throw new ConfigurationError({ thing: `${part} data`, expected: "an image at least", found: "none", remedy });
  }
  const confusion = noConfusion(network.sizes[network.sizes.length - 1]);
  const mistakes: Mistake[] = [];
  const hyper = { ...DEFAULTS, cost };
  const evaluator = new Evaluator(new TextbookEngine(network, data, hyper), network.sizes, data, hyper);
  const onAnswer = (answer: Answer, z: Float64Array) => {
    confusion[answer.label][answer.answer]++;
    if (answer.answer === answer.label) return;
    OUTPUTS[network.output].activate(z, z);
    mistakes.push({ ...answer, activation: z[answer.answer] });
  };
  const evaluation = await evaluator.evaluate(part, { withCost: true, onAnswer });
  mistakes.sort((a, b) => b.cost - a.cost || a.index - b.index);
  return { ...(evaluation as Evaluation & { cost: number }), confusion, mistakes };
}
