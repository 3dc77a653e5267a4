/** The finished epochs of a run as tensors, which have one number or one row of numbers per epoch. */
import { PARTS, type Part } from "../data/parts.js";
import type { EpochResult } from "../training/epochs.js";
import type { Evaluation } from "../training/evaluation.js";
import { damaged } from "./damaged.js";
import type { Dtype, TensorForm, Tensors } from "./safetensors.js";

/** What decides the forms of the tensors. */
export interface HistoryLayout {
  readonly sizes: readonly number[];
  /** The number of finished epochs. */
  epochs: number;
  /** The parts that every epoch monitors. The test part is evaluated in any case, but has a cost only if it is monitored. */
  monitored: readonly Part[];
}

/** A tensor, and the row of numbers that it holds of an epoch. */
type Column = TensorForm & { of(epoch: EpochResult): ArrayLike<number> };

export function historyForms({ sizes, epochs, monitored }: HistoryLayout): Column[] {
  const outputs = sizes[sizes.length - 1];
  const column = (name: string, dtype: Dtype, of: Column["of"], row: number[] = []): Column => {
    return { name: `history.${name}`, dtype, shape: [epochs, ...row], allowsNaN: name.endsWith(".cost"), of };
  };
  return [
    column("eta", "F64", ({ eta }) => [eta]),
    column("trainSeconds", "F64", ({ trainSeconds }) => [trainSeconds]),
    column("evaluateSeconds", "F64", ({ evaluateSeconds }) => [evaluateSeconds]),
    ...PARTS.filter((part) => part === "test" || monitored.includes(part)).flatMap((part) => [
      column(`${part}.correct`, "I32", (epoch) => [evaluationOf(epoch, part).correct]),
      column(`${part}.total`, "I32", (epoch) => [evaluationOf(epoch, part).total]),
      column(`${part}.answers`, "I32", (epoch) => evaluationOf(epoch, part).answers, [outputs]),
    ]),
    ...monitored.map((part) => column(`${part}.cost`, "F64", (epoch) => [evaluationOf(epoch, part).cost as number])),
  ];
}

function evaluationOf(epoch: EpochResult, part: Part): Evaluation {
  return part === "test" ? epoch : (epoch.monitored[part] as Evaluation);
}

/** @throws RangeError if not the same parts were monitored in every epoch */
export function monitoredParts(epochs: readonly EpochResult[]): Part[] {
  const [parts = [], ...others] = epochs.map(({ monitored }) => PARTS.filter((part) => monitored[part]));
  const other = others.find((other) => `${other}` !== `${parts}`);
  if (other) throw new RangeError(`monitored parts: expected ${parts} in every epoch, found ${other}`);
  return parts;
}

/** The numbers of the tensors, in the order of `historyForms`. */
export function historyValues(epochs: readonly EpochResult[], layout: HistoryLayout): Float64Array[] {
  return historyForms(layout).map(({ of, shape: [n, width = 1] }) => {
    const values = new Float64Array(n * width);
    for (const [i, epoch] of epochs.entries()) values.set(of(epoch), i * width);
    return values;
  });
}

/** @throws DataError if a part has no examples, or fewer than correct answers; the tensors must have been checked */
export function historyFrom(path: string, tensors: Tensors, { sizes, monitored }: HistoryLayout): EpochResult[] {
  const outputs = sizes[sizes.length - 1];
  const column = (name: string) => tensors.get(`history.${name}`)?.values ?? new Float64Array(0);
  const evaluationsOf = (part: Part): Evaluation[] => {
    const [corrects, totals, rows, costs] = ["correct", "total", "answers", "cost"].map((n) => column(`${part}.${n}`));
    return Array.from(corrects, (correct, i) => {
      const total = totals[i];
      if (total === 0 || correct > total) {
        throw damaged(path, `a part of ${total} examples for history.${part}.correct, epoch ${i + 1}`, `${correct}`);
      }
      const answers = Uint32Array.from(rows.subarray(i * outputs, (i + 1) * outputs));
      const evaluation = { correct, total, accuracy: correct / total, answers };
      return monitored.includes(part) ? { ...evaluation, cost: costs[i] } : evaluation;
    });
  };
  const tests = evaluationsOf("test");
  const parts = monitored.map((part) => [part, part === "test" ? tests : evaluationsOf(part)] as const);
  return tests.map((test, i) => ({
    epoch: i + 1,
    eta: column("eta")[i],
    ...test,
    monitored: Object.fromEntries(parts.map(([part, evaluations]) => [part, evaluations[i]])),
    trainSeconds: column("trainSeconds")[i],
    evaluateSeconds: column("evaluateSeconds")[i],
  }));
}
