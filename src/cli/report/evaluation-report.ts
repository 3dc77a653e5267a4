/** What `bp-train evaluate` prints: the accuracy, the scores of each class, the confusion matrix and the worst mistakes. */
import type { ChalkInstance } from "chalk";
import type { Part } from "../../data/parts.js";
import { escapeControls } from "../../errors.js";
import type { CostName } from "../../network/cost.js";
import type { Network } from "../../network/network.js";
import type { Assessment, Mistake } from "../../training/assessment.js";
import { type Confusion, classScores } from "../../training/confusion.js";
import { count, percent } from "./human.js";

/** The width of the column of labels. */
const LABEL = 5;
/** A wrong answer to this share of a label's images or more is shown in bold. */
const FREQUENT = 0.01;

/** How well a model does on a part of a data set. */
export interface EvaluateReport extends Omit<Assessment, "mistakes"> {
  version: string;
  model: string;
  network: Network;
  costName: CostName;
  on: Part;
  worst: Mistake[];
}

/** For programs: one JSON object. */
export function evaluationJson({ network, confusion, worst, ...report }: EvaluateReport): string {
  const { version, model, on, correct, total, accuracy, cost, costName } = report;
  const about = { event: "evaluate", version, model, layers: network.sizes, on };
  const figures = { correct, total, accuracy, cost, costName, classes: classScores(confusion) };
  return JSON.stringify({ ...about, ...figures, confusion: confusion.map((row) => [...row]), worst });
}

/** For people; `width` is that of the terminal, in columns. */
export function evaluationLines(report: EvaluateReport, width: number, chalk: ChalkInstance): string[] {
  const { model, network, costName, on, correct, total, accuracy, cost, confusion, worst } = report;
  const { bold, dim } = chalk;
  const lines = [
    `${bold(escapeControls(model))}  ${network.sizes.join(",")}`,
    dim(`${count(total)} ${on} images`),
    "",
    `${bold("Accuracy")}  ${bold(percent(accuracy))}   ${correct} / ${total}`,
    `${bold("Cost")}      ${cost.toPrecision(4)}   mean ${costName}`,
    "",
    ...scoreLines(confusion, chalk),
    "",
    ...confusionLines(confusion, width, chalk),
  ];
  return worst.length > 0 ? [...lines, "", ...mistakeLines(report, chalk)] : lines;
}

function scoreLines(confusion: Confusion, { bold }: ChalkInstance): string[] {
  const score = (share: number | null) => share?.toFixed(4) ?? "-";
  const rows = classScores(confusion).map(({ class: c, precision, recall, f1, examples }) => {
    return [`${c}`, ...[precision, recall, f1].map(score), `${examples}`];
  });
  return table([5, 10, 8, 8, 8], ["Class", "Precision", "Recall", "F1", "Images"], rows, bold);
}

function table(widths: number[], heading: string[], rows: string[][], bold: ChalkInstance): string[] {
  const line = (cells: string[]) => cells.map((cell, i) => cell.padStart(widths[i])).join("");
  return [bold(line(heading)), ...rows.map(line)];
}

/** Writes the confusion matrix, a row per label and a column per answer. Columns that do not fit into the width follow below. */
function confusionLines(confusion: Confusion, width: number, chalk: ChalkInstance): string[] {
  const largest = confusion.reduce((most, row) => Math.max(most, ...row), confusion.length - 1);
  const cell = `${largest}`.length + 1;
  const atOnce = Math.max(1, Math.min(confusion.length, Math.floor((width - LABEL) / cell)));
  const lines = [chalk.bold("Confusion: label down, answer across")];
  for (let from = 0; from < confusion.length; from += atOnce) {
    const columns = [...confusion.keys()].slice(from, from + atOnce);
    lines.push(chalk.bold(" ".repeat(LABEL) + columns.map((answer) => `${answer}`.padStart(cell)).join("")));
    for (const [label, row] of confusion.entries()) {
      const cells = columns.map((answer) => confusionCell(row, label, answer, cell, chalk));
      lines.push(chalk.bold(`${label}`.padStart(LABEL)) + cells.join(""));
    }
  }
  return lines;
}

function confusionCell(row: Uint32Array, label: number, answer: number, width: number, chalk: ChalkInstance): string {
  const n = row[answer];
  if (n === 0) return chalk.dim("·".padStart(width));
  const text = `${n}`.padStart(width);
  if (label === answer) return chalk.green(text);
  return n >= FREQUENT * row.reduce((sum, n) => sum + n, 0) ? chalk.bold.red(text) : chalk.yellow(text);
}

function mistakeLines({ worst, network }: EvaluateReport, { bold }: ChalkInstance): string[] {
  const heading = ["Image", "Label", "Answer", network.output === "softmax" ? "Probability" : "Activation", "Cost"];
  const rows = worst.map(({ index, label, answer, activation, cost }) => {
    return [`${index}`, `${label}`, `${answer}`, activation.toFixed(4), cost.toPrecision(4)];
  });
  return [bold("Worst mistakes, images counted from 0"), ...table([7, 6, 7, 12, 7], heading, rows, bold)];
}
