/** A full assessment of a trained network: accuracy, cost, confusion matrix and mistakes. */
import type { Dataset } from "../data/dataset.js";
import type { Part } from "../data/parts.js";
import { TextbookEngine } from "../engines/textbook/textbook-engine.js";
import { ConfigurationError } from "../errors.js";
import type { CostName } from "../network/cost.js";
import { DEFAULTS } from "../network/hyperparameters.js";
import type { Network } from "../network/network.js";
import { OUTPUTS } from "../network/output.js";
import type { Confusion } from "./confusion.js";
import { type Answer, type Evaluation, Evaluator } from "./evaluation.js";
import { checkFit } from "./fit.js";

/** An example that a network answers wrongly. `activation` is the output activation of the answer. */
export type Mistake = Answer & { activation: number };

export interface Assessment extends Evaluation {
  /** The mean cost of the examples, without regularisation. */
  cost: number;
  confusion: Confusion;
  /** Those with the highest cost come first. */
  mistakes: Mistake[];
}

/**
 * Evaluates a trained network on every example of a part, in float64.
 *
 * @throws ConfigurationError if the network does not fit the data, or the part is empty
 */
export async function assess(network: Network, data: Dataset, part: Part, cost: CostName): Promise<Assessment> {
  checkFit(network.sizes, data);
  if (data[part].labels.length === 0) {
    const remedy = "hold some out for validation"; // checkFit has refused other parts without images
    throw new ConfigurationError({ thing: `${part} data`, expected: "at least one image", found: "none", remedy });
  }
  const classes = network.sizes[network.sizes.length - 1];
  const confusion: Confusion = Array.from({ length: classes }, () => new Uint32Array(classes));
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
  mistakes.sort((a, b) => b.cost - a.cost); // stable: of equals, the first one stays first
  return { ...(evaluation as Evaluation & { cost: number }), confusion, mistakes };
}
