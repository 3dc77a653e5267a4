import { escapeControls } from "../errors.js";
import { type ModelMetadata, readModelFile } from "../model/model.js";
import { parameterCount } from "../network/network.js";
import type { FlagsOf } from "./flags.js";
import { count, percent } from "./report/human.js";

/** What `bp-train info` tells; the keys are those of its JSON, and what is not known is left out. */
interface Info extends ModelMetadata {
  event: "info";
  file: string;
  format: string;
  layers: readonly number[];
  activation: string;
  output: string;
  cost: string;
  /** Weights and biases. */
  parameters: number;
  precision: string;
  weightsSha256: string;
}

/** `bp-train info <model>`: tells what a model file holds. */
export async function infoCommand([file]: string[], { json }: FlagsOf<"info">): Promise<void> {
  const { model, format } = await readModelFile(file);
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
  };
  const lines = json ? [JSON.stringify(info)] : infoLines(info).map(escapeControls);
  process.stdout.write(`${lines.join("\n")}\n`);
}

function infoLines({ history, options = {}, ...info }: Info): string[] {
  const last = history?.at(-1);
  const rows: [name: string, text: string | number | undefined][] = [
    ["Layers", info.layers.join(",")],
    ["Activation", info.activation],
    ["Output", info.output],
    ["Cost", info.cost],
    ["Parameters", `${count(info.parameters)}, ${info.precision}`],
    ["Epochs", info.epoch],
    ["Accuracy", last && `${percent(last.accuracy)} of the test images after epoch ${last.epoch}`],
    ["Seed", info.seed],
    ["Classes", info.classes],
    ["Version", info.version && `bp-train ${info.version}`],
    ...Object.entries(options).map(([key, value], i): [string, string] => [
      i === 0 ? "Options" : "",
      `${key} ${JSON.stringify(value)}`,
    ]),
    ["Data", info.datasetSha256],
    ["Weights", info.weightsSha256],
  ];
  const known = rows.filter(([, text]) => text !== undefined);
  return [`${info.file}: ${info.format}`, ...known.map(([name, text]) => `${name.padEnd(10)} ${text}`)];
}
