/** What `bp-train predict` prints. */
import type { ChalkInstance } from "chalk";
import type { Picture } from "../../data/pictures.js";
import { escapeControls } from "../../errors.js";
import type { Candidate, Prediction } from "../../training/prediction.js";

/** An image, the answer of the network, and the label if it is known. */
type PredictedPicture = Picture & Prediction & { label?: number };

/** For people: the image and the answer, and below it the next best classes. */
export function predictionLines(picture: PredictedPicture, chalk: ChalkInstance): string[] {
  const { image, index, label, output, best } = picture;
  const name = escapeControls(index === undefined ? image : `${image}[${index}]`);
  const [answer, ...others] = best.map((candidate) => candidateText(candidate, output));
  const isRight = label === best[0].class;
  const truth = label === undefined ? "" : (isRight ? chalk.green : chalk.red)(`  label ${label}`);
  const indent = " ".repeat(name.length);
  return [`${name}  ${chalk.bold(answer)}${truth}`, ...others.map((text) => `${indent}  ${text}`)];
}

/** The activations of a softmax are probabilities. Those of sigmoid neurons do not add up to 1. */
function candidateText({ class: c, activation }: Candidate, output: Prediction["output"]): string {
  const number = `${c}`.padStart(2);
  if (output === "softmax") return `${number}  probability ${(100 * activation).toFixed(2).padStart(6)} %`;
  return `${number}  activation ${activation.toFixed(4)}`;
}

/** For programs: one JSON object. */
export function predictionJson({ image, index, label, output, activations, best }: PredictedPicture, top?: number) {
  const answers = best.map(({ class: c, activation }) => ({ class: c, output: activation }));
  const answer = { class: best[0].class, output, outputs: [...activations], top: top && answers };
  return JSON.stringify({ event: "predict", image, index, label, ...answer });
}
