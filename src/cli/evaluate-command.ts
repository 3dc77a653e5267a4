/** `bp-train evaluate <model>`: shows how well a network does on test, validation or training data. */
import { loadDataset } from "../data/dataset.js";
import { escapeControls } from "../errors.js";
import type { Checkpoint } from "../model/checkpoint.js";
import { readModelFile } from "../model/model.js";
import { arraysOf } from "../network/network.js";
import { assess } from "../training/assessment.js";
import { bestOnValidation } from "../training/epochs.js";
import type { Context } from "./context.js";
import type { FlagsOf } from "./flags.js";
import { type EvaluateReport, evaluationJson, evaluationLines } from "./report/evaluation-report.js";
import { colors } from "./report/style.js";

export async function evaluateCommand([path]: string[], flags: FlagsOf<"evaluate">, { version }: Context) {
  const { on, validation, trainSize, worst } = flags;
  const { model, checkpoint } = await readModelFile(path);
  const { network, cost } = model;
  if (checkpoint && hasOtherBest(checkpoint)) {
    const best = bestOnValidation(checkpoint.state.finished)?.epoch;
    const file = escapeControls(path);
    const note = `${file} also holds the weights of its best epoch, ${best}; its current weights are evaluated here`;
    process.stderr.write(`Note: ${note}\n`);
  }
  const split = on === "test" ? { validation: 0 } : { validation, trainSize }; // the test data are not split
  const data = await loadDataset(flags.data, split);
  const { mistakes, ...assessment } = await assess(network, data, on, cost);
  const about = { version, model: path, network, costName: cost, on };
  const report: EvaluateReport = { ...about, ...assessment, worst: mistakes.slice(0, worst) };
  const { stdout } = process;
  const width = stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  const lines = flags.json ? [evaluationJson(report)] : evaluationLines(report, width, colors(stdout, flags.color));
  stdout.write(`${lines.join("\n")}\n`);
}

/** Whether a checkpoint holds the weights of a best epoch that are not the current ones. */
function hasOtherBest({ state: { parameters, best, finished } }: Checkpoint): boolean {
  if (best === null || finished.length === 0) return false;
  const arrays = arraysOf(parameters);
  return arraysOf(best).some((values, i) => values.some((value, j) => value !== arrays[i][j]));
}
