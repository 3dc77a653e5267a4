/**
 * The records through which the host tells the kernel what to do: the fields of each, in the order of the class of the same name in
 * assembly/layout.ts. A field is a 32-bit word; an address is in bytes.
 */
import type { ActivationName } from "../../network/activation.js";
import type { CostName } from "../../network/cost.js";
import { dropThreshold } from "../../network/dropout.js";
import type { Hyperparameters } from "../../network/hyperparameters.js";
import type { Network } from "../../network/network.js";
import type { OutputName } from "../../network/output.js";

/** The names that the kernel knows, in the order of the enums of assembly/activation.ts. */
export const KERNEL_NAMES: { activation: ActivationName[]; output: OutputName[]; cost: CostName[] } = {
  activation: ["sigmoid", "tanh", "relu"],
  output: ["sigmoid", "softmax"],
  cost: ["quadratic", "cross-entropy", "log-likelihood"],
};

/** What the rule record is filled from; n is the number of training examples. */
type RuleSettings = Hyperparameters & Pick<Network, "activation" | "output"> & { n: number };

/** How a mini-batch moves the parameters: each field of the rule record with its value. */
const RULE = {
  activation: ({ activation }) => KERNEL_NAMES.activation.indexOf(activation),
  output: ({ output }) => KERNEL_NAMES.output.indexOf(output),
  cost: ({ cost }) => KERNEL_NAMES.cost.indexOf(cost),
  l2: ({ lambda, n }) => float32Bits(lambda / n),
  l1: ({ l1, n }) => float32Bits(l1 / n),
  momentum: ({ momentum }) => float32Bits(momentum),
  dropThreshold: ({ dropout }) => dropThreshold(dropout),
  keep: ({ dropout }) => float32Bits(1 - dropout),
  dropFactor: ({ dropout }) => float32Bits(1 / (1 - dropout)),
  maxNorm: ({ maxNorm }) => float32Bits(maxNorm === Number.POSITIVE_INFINITY ? 0 : maxNorm),
} satisfies Record<string, (settings: RuleSettings) => number>;

/** The fields of each record, in the kernel's order. */
export const FIELDS = {
  rule: Object.keys(RULE) as (keyof typeof RULE)[],
  thread: [
    ...(["firstLayer", "layerCount", "rule", "values", "index", "threadCount", "barrier"] as const),
    ...(["listedExamples", "entries", "starts", "ends", "transposed", "zeros", "canvas", "warped"] as const),
  ],
  layer: [
    ...(["inputs", "units", "vectors", "rows", "panels", "fromPanel", "toPanel", "fromRow", "toRow"] as const),
    ...(["meetAfterForward", "meetAfterDelta", "weights", "biases", "activations", "deltas", "stride"] as const),
    ...(["weightTargets", "biasTargets", "oddBatchOffset"] as const),
  ],
  images: ["rows", "pairs", "labels", "order", "length"],
  distortion: [
    "rows",
    "columns",
    "faintest",
    "isShift",
    "places",
    "edges",
    "maps",
    "fieldX",
    "fieldY",
    "fieldStride",
    "rowBytes",
  ],
} as const;

export type Fields<Kind extends keyof typeof FIELDS> = Record<(typeof FIELDS)[Kind][number], number>;

export function ruleOf(settings: RuleSettings): Fields<"rule"> {
  return Object.fromEntries(Object.entries(RULE).map(([name, value]) => [name, value(settings)])) as Fields<"rule">;
}

/** The bits of x rounded to float32. */
function float32Bits(x: number): number {
  return new Uint32Array(Float32Array.of(x).buffer)[0];
}
