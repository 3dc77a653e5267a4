import { InvalidArgumentError } from "commander";
import { PARTS, type Part } from "../data/parts.js";
import { ENGINES } from "../engines/engines.js";

/** Strict readings of what stands behind a flag: all of it must be what is meant, or the error says what is. */
type Parser<T> = (text: string) => T;

export type Threads = number | "auto";

const MAX_COUNT = 2 ** 31 - 1;
/** Seeds are unsigned 32-bit integers. (Not imported from `Random`: --help should not load a generator.) */
export const MAX_SEED = 2 ** 32 - 1;

const DECIMAL = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function wholeNumber(min: number, max = MAX_COUNT): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** A decimal number that `fits`; `expected` says which do. */
function decimal(expected: string, fits: (value: number) => boolean): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (!DECIMAL.test(text) || value === Number.POSITIVE_INFINITY || !fits(value)) {
      throw new InvalidArgumentError(`Expected ${expected}.`);
    }
    return value;
  };
}

export const positiveNumber = decimal("a number above 0, such as 3, 0.5 or 1e-3", (value) => value > 0);
export const numberFromZero = decimal("a number from 0, such as 5 or 0.1", (value) => value >= 0);
export const belowOne = decimal("a number from 0 to below 1, such as 0.5", (value) => value >= 0 && value < 1);
export const betweenZeroAndOne = decimal("a number between 0 and 1, such as 0.5", (value) => value > 0 && value < 1);

/** A fraction as `0.95` or `95%`. A bare 95 could mean either, and is refused. */
export function share(text: string): number {
  const value = text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!DECIMAL.test(text.replace(/%$/, "")) || value > 1) {
    const bare = DECIMAL.test(text) ? ` Did you mean ${text}% or ${Number(text) / 100}?` : "";
    throw new InvalidArgumentError(`Expected a share from 0% to 100%, such as 10% or 0.1.${bare}`);
  }
  return value;
}

/** A share that is no longer 0. */
export function accuracy(text: string): number {
  const value = share(text);
  if (value === 0) throw new InvalidArgumentError("Expected an accuracy above 0, up to 100%, such as 95% or 0.95.");
  return value;
}

export function layerSizes(text: string): number[] {
  const sizes = text.split(",");
  const size = wholeNumber(1);
  try {
    if (sizes.length >= 2) return sizes.map(size);
  } catch {}
  throw new InvalidArgumentError(
    `Expected two or more whole numbers from 1 to ${MAX_COUNT}, separated by commas without spaces, such as 784,30,10.`,
  );
}

export function parts(text: string): Part[] {
  const names = text.split(",");
  if (!names.every((name) => (PARTS as readonly string[]).includes(name))) {
    throw new InvalidArgumentError(`Expected some of ${PARTS.join(", ")}, separated by commas without spaces.`);
  }
  return PARTS.filter((part) => names.includes(part));
}

export function indices(text: string): number[] {
  try {
    return text.split(",").map(wholeNumber(0));
  } catch {
    throw new InvalidArgumentError(
      "Expected whole numbers from 0, separated by commas without spaces, such as 0 or 0,7.",
    );
  }
}

export function seed(text: string): number {
  return text === "random" ? crypto.getRandomValues(new Uint32Array(1))[0] : numberOr("random", 0, MAX_SEED)(text);
}

export function threads(text: string): Threads {
  return text === "auto" ? text : numberOr("auto", 1, ENGINES.fast.mostThreads)(text);
}

function numberOr(word: string, min: number, max: number): Parser<number> {
  return (text) => {
    try {
      return wholeNumber(min, max)(text);
    } catch {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}, or "${word}".`);
    }
  };
}

export function notEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected a path.");
  return text;
}
