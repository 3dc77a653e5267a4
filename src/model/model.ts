import { readFile } from "node:fs/promises";
import { DataError } from "../errors.js";
import type { CostName } from "../network/cost.js";
import { Network } from "../network/network.js";

export interface Model {
  network: Network;
  cost: CostName;
  precision: "float32" | "float64";
  metadata: { classes?: number };
}

/** A stand-in for the real reader: the book's JSON alone, hardly checked. */
export async function readModel(path: string): Promise<Model> {
  try {
    const { sizes, weights, biases, cost } = JSON.parse(await readFile(path, "utf8"));
    const network = new Network(sizes);
    for (const [l, values] of network.weights.entries()) values.set(weights[l].flat());
    for (const [l, values] of network.biases.entries()) values.set(biases[l].flat());
    const name = cost === "CrossEntropyCost" ? "cross-entropy" : "quadratic";
    return { network, cost: name, precision: "float64", metadata: {} };
  } catch (cause) {
    throw new DataError({ thing: path, expected: "a model file", found: (cause as Error).message }, { cause });
  }
}
