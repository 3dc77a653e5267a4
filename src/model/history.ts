/** The finished epochs of a run as tensors, which have one number or one row of numbers per epoch. */

import { PARTS, type Part } from "../data/parts.js";
import { ConfigurationError } from "../errors.js";
import type { Evaluation } from "../training/evaluation.js";
import type { EpochResult } from "../training/result.js";
import { damaged } from "./damaged.js";
import { type Tensor, type TensorForm, type Tensors, take, tensorNamed } from "./tensors.js";

/** What decides the forms of the tensors. */
export interface HistoryLayout {
  epochs: number;
  /** The parts that every epoch monitors. The test part is evaluated in any case, but has a cost only if it is monitored. */
  monitored: readonly Part[];
  /** The number of output neurons. */
  outputs: number;
}

interface Column extends TensorForm {
  /** The number, or the row of numbers, that the tensor holds of an epoch. */
  of(epoch: EpochResult): number | Uint32Array;
}

export function historyColumns({ epochs, monitored, outputs }: HistoryLayout): Column[] {
  const column = (name: string, dtype: Column["dtype"], of: Column["of"], row: number[] = []): Column => {
    return { name: `history.${name}`, dtype, shape: [epochs, ...row], of };
  };
  return [
    column("eta", "F64", ({ eta }) => eta),
    column("trainSeconds", "F64", ({ trainSeconds }) => trainSeconds),
    column("evaluateSeconds", "F64", ({ evaluateSeconds }) => evaluateSeconds),
    ...PARTS.filter((part) => part === "test" || monitored.includes(part)).flatMap((part) => [
      column(`${part}.correct`, "I32", (epoch) => evaluationOf(epoch, part).correct),
      column(`${part}.total`, "I32", (epoch) => evaluationOf(epoch, part).total),
      column(`${part}.answers`, "I32", (epoch) => evaluationOf(epoch, part).answers, [outputs]),
    ]),
    ...monitored.map((part) => column(`${part}.cost`, "F64", (epoch) => evaluationOf(epoch, part).cost ?? Number.NaN)),
  ];
}

function evaluationOf(epoch: EpochResult, part: Part): Evaluation {
  return part === "test" ? epoch : (epoch.monitored[part] as Evaluation);
}

/** @throws ConfigurationError if not all epochs monitor the same parts */
export function historyTensors(epochs: readonly EpochResult[], outputs: number): Tensor[] {
  const monitored = PARTS.filter((part) => epochs[0]?.monitored[part]);
  const isOther = (epoch: EpochResult) => PARTS.some((part) => monitored.includes(part) === !epoch.monitored[part]);
  const other = epochs.find(isOther);
  if (other) {
    const found = `${Object.keys(other.monitored)} in epoch ${other.epoch}`;
    throw new ConfigurationError({ thing: "monitored parts", expected: `${monitored} in every epoch`, found });
  }
  return historyColumns({ epochs: epochs.length, monitored, outputs }).map(({ of, ...form }) => {
    const [n, width = 1] = form.shape;
    const values = new Float64Array(n * width);
    for (const [i, epoch] of epochs.entries()) {
      const value = of(epoch);
      values.set(typeof value === "number" ? [value] : value, i * width);
    }
    return { ...form, values };
  });
}

/** @throws DataError if a tensor is missing or of another form, or its numbers are not possible */
export function takeHistory(path: string, tensors: Tensors, outputs: number): EpochResult[] {
  const monitored = PARTS.filter((part) => tensors.has(`history.${part}.cost`));
  const [epochs] = tensorNamed(path, tensors, "history.eta").shape;
  const columns = historyColumns({ epochs, monitored, outputs });
  const numbers = new Map(columns.map((form) => [form.name, take(path, tensors, form, form.name.endsWith(".cost"))]));
  const valuesOf = (name: string) => numbers.get(`history.${name}`) as Float64Array;
  const evaluation = (part: Part, i: number): Evaluation => {
    const [correct, total] = [valuesOf(`${part}.correct`)[i], valuesOf(`${part}.total`)[i]];
    if (total === 0 || correct > total) {
      throw damaged(path, `a part of ${total} examples for history.${part}.correct, epoch ${i + 1}`, `${correct}`);
    }
    const answers = Uint32Array.from(valuesOf(`${part}.answers`).subarray(i * outputs, (i + 1) * outputs));
    const counts = { correct, total, accuracy: correct / total, answers };
    return monitored.includes(part) ? { ...counts, cost: valuesOf(`${part}.cost`)[i] } : counts;
  };
  return Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    eta: valuesOf("eta")[i],
    ...evaluation("test", i),
    monitored: Object.fromEntries(monitored.map((part) => [part, evaluation(part, i)])),
    trainSeconds: valuesOf("trainSeconds")[i],
    evaluateSeconds: valuesOf("evaluateSeconds")[i],
  }));
}
