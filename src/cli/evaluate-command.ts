import { loadDataset } from "../data/dataset.js";
import { readModel } from "../model/model.js";
import { assess } from "../training/assessment.js";
import type { Context } from "./commands.js";
import type { FlagsOf } from "./flags.js";
import { type EvaluateReport, evaluationJson, evaluationLines } from "./report/evaluation-report.js";
import { colors } from "./report/style.js";

/** `bp-train evaluate <model>`: tells how a network does on test, validation or training data. */
export async function evaluateCommand(
  [path]: string[],
  flags: FlagsOf<"evaluate">,
  { version }: Context,
): Promise<void> {
  const { on, validation, trainSize, worst } = flags;
  const { network, cost } = await readModel(path);
  const split = on === "test" ? { validation: 0 } : { validation, trainSize }; // the test data are not split
  const data = await loadDataset(flags.data, split);
  const { mistakes, ...assessment } = await assess(network, data, on, cost);
  const report: EvaluateReport = {
    version,
    model: path,
    network,
    costName: cost,
    on,
    ...assessment,
    worst: mistakes.slice(0, worst),
  };
  const { stdout } = process;
  const width = stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  const lines = flags.json ? [evaluationJson(report)] : evaluationLines(report, width, colors(stdout, flags.color));
  stdout.write(`${lines.join("\n")}\n`);
}
