import { ConfigurationError, DataError } from "../errors.js";
import type { CostName } from "../network/cost.js";
import { Network, type NetworkOptions } from "../network/network.js";
import type { ModelMetadata } from "./metadata.js";

/** What a model file holds: a network, and what is known about it. */
export interface Model {
  network: Network;
  /** What it was trained to make small. */
  cost: CostName;
  /** The type that its numbers were computed in; those of float32 are exactly float32s. */
  precision: Precision;
  metadata: ModelMetadata;
}

export type Precision = "float32" | "float64";

/** What of a model is known before it is trained, and decides whether a format can hold it. */
export interface ModelShape extends Pick<Model, "cost" | "precision"> {
  network: Pick<Network, "sizes" | "activation" | "output">;
}

/** A file format for models. */
export interface Format {
  name: string;
  /** Whether a file with these bytes is meant to be of this format. */
  matches(bytes: Uint8Array): boolean;
  /** @throws ConfigurationError, with `path` in it, if the format cannot hold such a model */
  check(path: string, shape: ModelShape): void;
  /** The file's content, in pieces. */
  encode(model: Model): Iterable<string | Uint8Array>;
  /** @throws DataError, with `path` in it, if the bytes are not exactly such a file */
  decode(path: string, bytes: Uint8Array): Model;
}

/**
 * A network for what a file holds, all 0. Only for sizes that the file has been seen to hold numbers for.
 *
 * @throws DataError if this machine cannot hold it
 */
export function emptyNetwork(path: string, sizes: readonly number[], options?: NetworkOptions): Network {
  try {
    return new Network(sizes, options);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new DataError({ thing: path, expected: "a network for this machine", found: cause.message }, { cause });
  }
}
