/** What a model is, and what a file format for models does. */

import { ConfigurationError, DataError } from "../errors.js";
import type { CostName } from "../network/cost.js";
import { Network, type NetworkOptions } from "../network/network.js";
import type { ModelMetadata } from "./metadata.js";

/** A network, and what is known about it. */
export interface Model {
  network: Network;
  /** The cost that training made small. */
  cost: CostName;
  /** The type of the numbers in which the network was trained. All parameters of a float32 model are exactly float32 numbers. */
  precision: Precision;
  metadata: ModelMetadata;
}

export type Precision = "float32" | "float64";

/** The properties of a model that are known before training. They decide whether a file format can hold it. */
export interface ModelShape extends Pick<Model, "cost" | "precision"> {
  network: Pick<Network, "sizes" | "activation" | "output">;
}

/** A file format that models can be written in. */
export interface Format {
  /** @throws ConfigurationError, which names `path`, if the format cannot hold such a model */
  check(path: string, shape: ModelShape): void;
  /** Encodes the content of the file, in pieces. */
  encode(model: Model): Iterable<string | Uint8Array>;
}

/**
 * Makes a network for the parameters in a file; all of them are 0. The file must have been seen to hold as many numbers.
 *
 * @throws DataError if the network does not fit into the memory of this machine
 */
export function emptyNetwork(path: string, sizes: readonly number[], options?: NetworkOptions): Network {
  try {
    return new Network(sizes, options);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new DataError({ thing: path, expected: "a network for this machine", found: cause.message }, { cause });
  }
}
