/** Settings and their ranges: one predicate serves the library's check and the command line's parser. */
import { ConfigurationError, inspectValue } from "./errors.js";

/** Which values make sense. */
export interface Range<T> {
  /** For messages, such as `a whole number from 1`. */
  expected: string;
  includes(value: unknown): value is T;
  /** All of the values, if they are names. */
  names?: readonly T[];
  isWhole?: boolean;
}

/** What a caller may set: its default value, and the values that make sense. */
export interface Setting<T> {
  default: T;
  range: Range<T>;
}

export type SettingTable = Record<string, Setting<unknown>>;
/** The values of a table of settings. The documentation of each entry goes with it. */
export type ValuesOf<Table> = { [Name in keyof Table]: Table[Name] extends Setting<infer T> ? T : never };

export function setting<T>(value: T, range: Range<T>): Setting<T> {
  return { default: value, range };
}

export function defaultsOf<Table extends SettingTable>(table: Table): ValuesOf<Table> {
  const defaults = Object.entries(table).map(([name, setting]) => [name, setting.default]);
  return Object.fromEntries(defaults) as ValuesOf<Table>;
}

/** @throws ConfigurationError if a value is not in the range of its setting */
export function checkSettings<Table extends SettingTable>(table: Table, values: ValuesOf<Table>): void {
  for (const [name, { range }] of Object.entries(table)) checkRange(words(name), values[name], range);
}

/** @throws ConfigurationError if `found` is not in the range; `thing` is what the message calls it */
export function checkRange<T>(thing: string, found: unknown, { expected, includes, names }: Range<T>): void {
  if (includes(found)) return;
  const text = names && typeof found === "string" ? found : inspectValue(found);
  throw new ConfigurationError({ thing, expected, found: text });
}

/** `max norm` for maxNorm. */
export function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** The largest count that is accepted where nothing else limits it. */
export const LARGEST_COUNT = 2 ** 31 - 1;

export function wholeNumber(min: number, max = LARGEST_COUNT): Range<number> {
  const to = max === LARGEST_COUNT ? "" : ` to ${max}`;
  const range = numbers(`a whole number from ${min}${to}`, (x) => Number.isInteger(x) && x >= min && x <= max);
  return { ...range, isWhole: true };
}

export const aboveZero = numbers("a number above 0", (x) => x > 0);
export const finiteAboveZero = numbers("a finite number above 0", (x) => x > 0 && x < Number.POSITIVE_INFINITY);
export const finiteFromZero = numbers("a finite number from 0", (x) => x >= 0 && x < Number.POSITIVE_INFINITY);
export const fromZeroToBelowOne = numbers("a number from 0 to below 1", (x) => x >= 0 && x < 1);
export const betweenZeroAndOne = numbers("a number between 0 and 1", (x) => x > 0 && x < 1);
export const aboveZeroUpToOne = numbers("a number above 0, up to 1", (x) => x > 0 && x <= 1);
export const boolean: Range<boolean> = { expected: "true or false", includes: (value) => typeof value === "boolean" };

/** The names of a table, also of entries that are added to it later. */
export function namesOf<Name extends string>(table: Record<Name, unknown>): Range<Name> {
  return {
    get expected() {
      return this.names?.join(" or ") ?? "";
    },
    includes: (value): value is Name => typeof value === "string" && Object.hasOwn(table, value),
    get names() {
      return Object.keys(table) as Name[];
    },
  };
}

export function listOf<Name extends string>(names: readonly Name[]): Range<Name> {
  const includes = (value: unknown): value is Name => names.includes(value as Name);
  return { expected: names.join(" or "), includes, names };
}

/** The range and infinity, which stands for "never" or "none". */
export function orInfinity({ expected, includes, isWhole }: Range<number>): Range<number> {
  return { ...numbers(expected, (x) => x === Number.POSITIVE_INFINITY || includes(x)), isWhole };
}

export function numbers(expected: string, includes: (x: number) => boolean): Range<number> {
  return { expected, includes: (value): value is number => typeof value === "number" && includes(value) };
}
