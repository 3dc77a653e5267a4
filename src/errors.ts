/** The errors that this program throws on purpose. Their messages all have one form, so that each says what to do next. */

/** The class of all errors that `bp-train` throws on purpose. Any other error is a defect. */
export abstract class BpTrainError extends Error {
  /** @param thing  what is wrong: a file's path, or a setting with its value */
  constructor(
    { thing, expected, found, remedy }: { thing: string; expected: string; found: string; remedy?: string },
    options?: ErrorOptions,
  ) {
    super(escapeControls(`${thing}: expected ${expected}, found ${found}${remedy ? `; ${remedy}` : ""}`), options);
    this.name = new.target.name;
  }
}

/** An option or an argument has a value that makes no sense, by itself or for the data at hand. */
export class ConfigurationError extends BpTrainError {}

/** A file of data or of a model is missing, cannot be read, or does not hold what its name or header says. */
export class DataError extends BpTrainError {}

/** A file could not be written. If there was one before, it is unchanged. */
export class OutputError extends BpTrainError {}

/** A result misses a limit that the user set. */
export class GateError extends BpTrainError {}

/** Training reached NaN or infinity. */
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

/** For callers not written in TypeScript. @throws ConfigurationError if `value` is not an instance of `kind` */
export function checkInstance(thing: string, value: unknown, kind: abstract new (...args: never) => unknown): void {
  if (value instanceof kind) return;
  throw new ConfigurationError({ thing, expected: `an instance of ${kind.name}`, found: inspectValue(value) });
}

/** Describes a value for a message: a primitive as in source code, such as `'3'`, and an object by its class. */
export function inspectValue(value: unknown): string {
  // Errors are thrown in browsers, too, which have no `inspect` of node:util.
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "bigint") return `${value}n`;
  if (Object(value) !== value) return String(value);
  return `[${(value as object).constructor?.name ?? "Object"}]`;
}

/** Writes control characters as escapes such as `\x1b`. Names of files may hold them, and a terminal would obey them. */
export function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
