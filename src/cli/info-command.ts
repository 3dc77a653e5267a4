/** `bp-train info <model>`: shows what a model file or a checkpoint holds. */
import { escapeControls } from "../errors.js";
import type { Checkpoint } from "../model/checkpoint.js";
import { toJson } from "../model/metadata.js";
import { type ModelFile, readModelFile } from "../model/model.js";
import { parameterCount } from "../network/network.js";
import { bestOnValidation } from "../training/epochs.js";
import type { FlagsOf } from "./flags.js";
import { count, percent } from "./report/human.js";

export async function infoCommand([file]: string[], { json }: FlagsOf<"info">): Promise<void> {
  const info = describe(file, await readModelFile(file));
  const lines = json ? [toJson(info)] : infoLines(info).map(escapeControls);
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The keys are those of the JSON. Those that are not known are left out. */
function describe(file: string, { model, format, checkpoint }: ModelFile) {
  const { network, cost, precision, metadata } = model;
  const { sizes: layers, activation, output } = network;
  const parameters = parameterCount(layers);
  const about = { event: "info", file, format, layers, activation, output, cost, precision, parameters };
  const run = checkpoint && describeRun(checkpoint);
  return { ...about, weightsSha256: network.weightsSha256(), ...metadata, run };
}

/** `position` is null between two epochs; `bestEpoch` is the one whose weights the checkpoint also holds. */
function describeRun({ state: { position, order, best, finished } }: Checkpoint) {
  const bestEpoch = best ? (bestOnValidation(finished)?.epoch ?? null) : null;
  return { position, trainingExamples: order.length, bestEpoch };
}

function infoLines({ history, options = {}, run, epoch, ...info }: ReturnType<typeof describe>): string[] {
  const last = history?.at(-1);
  const optionTexts = Object.entries(options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
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
    ...optionTexts.map((text, i): [string, string] => [i === 0 ? "Options" : "", text]),
    ["Data", info.datasetSha256],
    ["Weights", info.weightsSha256],
  ];
  const known = rows.filter(([, text]) => text !== undefined && text !== null);
  return [`${info.file}: ${info.format}`, ...known.map(([name, text]) => `${name.padEnd(10)} ${text}`)];
}

function placeOf({ position, trainingExamples }: ReturnType<typeof describeRun>, epoch = 0): string {
  if (position === null) return `after epoch ${epoch}`;
  return `in epoch ${epoch + 1}, after ${count(position)} of ${count(trainingExamples)} examples`;
}
