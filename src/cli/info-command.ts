/** `bp-train info <model>`: shows what a model file or a checkpoint holds. */

import { escapeControls } from "../errors.js";
import type { Checkpoint } from "../model/checkpoint.js";
import { type ModelMetadata, toJson } from "../model/metadata.js";
import { readModelFile } from "../model/model.js";
import { parameterCount } from "../network/network.js";
import { bestOnValidation } from "../training/epochs.js";
import type { FlagsOf } from "./flags.js";
import { count, percent } from "./report/human.js";

/** The keys are those of the JSON. Those that are not known are left out. */
interface Info extends ModelMetadata {
  event: "info";
  file: string;
  format: string;
  layers: readonly number[];
  activation: string;
  output: string;
  cost: string;
  /** The number of weights and biases. */
  parameters: number;
  precision: string;
  weightsSha256: string;
  /** Where the run of a checkpoint stands. */
  run?: RunInfo;
}

interface RunInfo {
  /** The number of examples of the running epoch that have been trained on; null between two epochs. */
  position: number | null;
  trainingExamples: number;
  /** The best epoch on the validation images, whose weights the checkpoint also holds. */
  bestEpoch: number | null;
}

export async function infoCommand([file]: string[], { json }: FlagsOf<"info">): Promise<void> {
  const { model, format, checkpoint } = await readModelFile(file);
  const { network, cost, precision, metadata } = model;
  const { sizes, activation, output } = network;
  const info: Info = {
    event: "info",
    file,
    format,
    layers: sizes,
    activation,
    output,
    cost,
    precision,
    parameters: parameterCount(sizes),
    weightsSha256: network.weightsSha256(),
    ...metadata,
    run: checkpoint && describeRun(checkpoint),
  };
  const lines = json ? [toJson(info)] : infoLines(info).map(escapeControls);
  process.stdout.write(`${lines.join("\n")}\n`);
}

function describeRun({ state: { position, order, best, finished } }: Checkpoint): RunInfo {
  const bestEpoch = best ? (bestOnValidation(finished)?.epoch ?? null) : null;
  return { position, trainingExamples: order.length, bestEpoch };
}

function infoLines({ history, options = {}, run, epoch, ...info }: Info): string[] {
  const last = history?.at(-1);
  const rows: [name: string, text: string | number | undefined | null][] = [
    ["Layers", info.layers.join(",")],
    ["Activation", info.activation],
    ["Output", info.output],
    ["Cost", info.cost],
    ["Parameters", `${count(info.parameters)}, ${info.precision}`],
    ["Epochs", epoch],
    ["Run", run && `resumes ${placeOf(run, epoch)}`],
    ["Best", run?.bestEpoch && `weights of epoch ${run.bestEpoch}, the best on validation, beside the current ones`],
    ["Accuracy", last && `${percent(last.accuracy)} of the test images after epoch ${last.epoch}`],
    ["Seed", info.seed],
    ["Classes", info.classes],
    ["Version", info.version && `bp-train ${info.version}`],
    ...Object.entries(options).map(([name, value], i): [string, string] => [
      i === 0 ? "Options" : "",
      `${name} ${JSON.stringify(value)}`,
    ]),
    ["Data", info.datasetSha256],
    ["Weights", info.weightsSha256],
  ];
  const known = rows.filter(([, text]) => text !== undefined && text !== null);
  return [`${info.file}: ${info.format}`, ...known.map(([name, text]) => `${name.padEnd(10)} ${text}`)];
}

function placeOf({ position, trainingExamples }: RunInfo, epoch = 0): string {
  if (position === null) return `after epoch ${epoch}`;
  return `in epoch ${epoch + 1}, after ${count(position)} of ${count(trainingExamples)} examples`;
}
