import { inspect } from "node:util";

/**
 * What can be wrong with a run. Every error builds its own message in one form, so that it always says what is wrong
 * with what, and what to do: `<thing>: expected <expected>, found <found>; <remedy>`.
 */
interface Complaint {
  /** What is at fault: a file's path, or a setting with its value. */
  thing: string;
  expected: string;
  found: string;
  /** What to do next. */
  remedy?: string;
}

/** The family that `bp-train` throws on purpose; any other error is a defect. */
export abstract class BpTrainError extends Error {
  constructor({ thing, expected, found, remedy }: Complaint, options?: ErrorOptions) {
    super(printable(`${thing}: expected ${expected}, found ${found}${remedy ? `; ${remedy}` : ""}`), options);
    this.name = new.target.name;
  }
}

/** The data may be right, but what was asked of it makes no sense. */
export class ConfigurationError extends BpTrainError {}

/** A data file is missing, unreadable or not what its name or header promises. */
export class DataError extends BpTrainError {}

/** A file could not be written; what was there before is still there. */
export class OutputError extends BpTrainError {}

/** What was measured misses a bound that was set. */
export class GateError extends BpTrainError {}

/** Training ran into NaN or infinity. */
export class DivergedError extends BpTrainError {
  constructor(
    readonly epoch: number,
    readonly eta: number,
    seed?: number,
  ) {
    super({
      thing: seed === undefined ? `epoch ${epoch}` : `seed ${seed}, epoch ${epoch}`,
      expected: "finite weights and biases",
      found: "NaN or infinity",
      remedy: `the learning rate ${eta} is too large, try ${Number((eta / 10).toPrecision(1))}`,
    });
  }
}

/** @throws ConfigurationError if a choice is none of those that there are */
export function checkName(thing: string, found: string, names: readonly string[]): void {
  if (!names.includes(found)) throw new ConfigurationError({ thing, expected: names.join(" or "), found: `${found}` });
}

/**
 * For callers without types.
 *
 * @throws ConfigurationError if a value is no instance of its class
 */
export function checkInstance(thing: string, value: unknown, kind: abstract new (...args: never) => unknown): void {
  if (value instanceof kind) return;
  throw new ConfigurationError({ thing, expected: `an instance of ${kind.name}`, found: shown(value) });
}

/** A value of any kind as a caller would write it, such as `'3'`, `3` or `[Object]`. */
export function shown(value: unknown): string {
  return inspect(value, { depth: -1 });
}

/** File names and flags may hold control characters, which must not reach a terminal: each is shown as an escape. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
