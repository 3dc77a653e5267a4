/** An entry of the table of flags (flags.ts): what it says, and the commander option that it becomes. */
import { Option } from "commander";
import type { Range, Setting } from "../ranges.js";
import * as parse from "./parsers.js";

/** The commands of the program; `train` is `bp-train` without the name of a command. */
export type CommandName =
  | "train"
  | "evaluate"
  | "predict"
  | "convert"
  | "info"
  | "check"
  | "presets"
  | "bench"
  | "augment";

/** How a flag's value is read, and its default. A flag without a default may be undefined. */
interface Reading<T> {
  /** Reads the text behind the flag. A flag with neither `parse` nor `choices` is a switch. */
  parse?: (text: string) => T;
  choices?: readonly (T & string)[];
  default?: T;
  /** The default in the words of the help, if not the value itself. */
  defaultText?: string;
}

/** A setting of the library, or a parser and a default of its own. */
type Source<T> = Setting<T> | Reading<T>;

/** What the program does with a flag. */
type Uses<T, C extends CommandName> = {
  commands: readonly C[];
  /** An environment variable that stands for it. */
  env?: string;
  /** `same` if a benchmark can only be compared with a baseline that has the same value. */
  baseline?: "same";
  /** The words for it in the first line of a run, where it is not the default: `relu` (value) or `lambda 5` (name and value). */
  say?: "value" | "name and value" | ((value: NonNullable<T>) => string);
  /** Whether the first line says the default too. */
  isAlwaysSaid?: boolean;
  /** Of a flag of training. `same`: checkpoints and models keep the value, and a resumed run must have it. */
  resume?: "same" | "free";
} & ("train" extends C ? { resume: unknown } : unknown);

export type Flag<T = unknown, C extends CommandName = CommandName> = Reading<T> &
  Uses<T, C> & {
    /** As commander takes it: `-l, --layers <sizes>`. */
    spelling: string;
    about: string;
    /** The heading in the help. */
    group?: string;
  };

export function flag<T, const C extends CommandName>(
  spelling: string,
  about: string,
  source: Source<T>,
  uses: Uses<T, C>,
): Flag<T, C> {
  return { spelling, about, ...readingOf(source), ...uses } as Flag<T, C>;
}

function readingOf<T>(source: Source<T>): Reading<T> {
  if (!("range" in source)) return source;
  const { default: value, range } = source;
  if (range.names) return { default: value, choices: range.names as readonly (T & string)[] };
  if (typeof value === "boolean") return { default: value };
  const parser = (range.isWhole ? parse.wholeNumber : parse.decimal)(range as Range<unknown> as Range<number>);
  return { default: value, parse: parser as (text: string) => T };
}

/** Adds the heading that flags have in the help. */
export function group<Flags extends Record<string, object>>(heading: string, flags: Flags): Flags {
  for (const flag of Object.values(flags)) Object.assign(flag, { group: heading });
  return flags;
}

/** A flag that is undefined where it is not given; `defaultText` says what that means, by default the setting's own default. */
export function optional<T>(source: Source<T>, defaultText = `${source.default}`): Reading<T | undefined> {
  return { ...readingOf(source), default: undefined, defaultText };
}

export function optionalPath(defaultText: string): Reading<string | undefined> {
  return { parse: parse.notEmpty, defaultText };
}

export const switchedOff: Reading<boolean> = { default: false };

export function toOption({ spelling, about, defaultText, choices, ...flag }: Flag): Option {
  const option = new Option(spelling, flag.default === undefined ? `${about} (default: ${defaultText})` : about);
  option.helpGroup(`${flag.group}:`);
  if (flag.default !== undefined && !option.negate) option.default(flag.default, defaultText);
  if (flag.parse) option.argParser(flag.parse);
  if (choices) option.choices(choices);
  if (flag.env) option.env(flag.env);
  return option;
}
