/** Strict parsers of what stands behind a flag: the whole text must be what is meant, or the error says what is expected. */
import { InvalidArgumentError } from "commander";
import { PARTS, type Part } from "../data/parts.js";
import type { SimdChoice } from "../engines/engine.js";
import { ENGINES, SIMD_RANGE } from "../engines/engines.js";
import { SEED } from "../network/seed.js";
import { aboveZeroUpToOne, LARGEST_COUNT, type Range, wholeNumber as wholeNumbers } from "../ranges.js";

type Parser<T> = (text: string) => T;

const DECIMAL = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Digits only: not `1e3`, `0x10` or `10abc`. */
export function wholeNumber({ expected, includes }: Range<number>): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && includes(value)) return value;
    throw new InvalidArgumentError(`Expected ${expected}${value > LARGEST_COUNT ? `, at most ${LARGEST_COUNT}` : ""}.`);
  };
}

export function decimal({ expected, includes }: Range<number>): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (DECIMAL.test(text) && value < Number.POSITIVE_INFINITY && includes(value)) return value;
    const what = value === Number.POSITIVE_INFINITY ? "a finite number" : expected;
    throw new InvalidArgumentError(`Expected ${what}, such as 0.5.`);
  };
}

/** A share as `0.1` or `10%`. A bare 10 could mean either and is refused. */
export function share(text: string): number {
  const value = text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (DECIMAL.test(text.replace(/%$/, "")) && value <= 1) return value;
  const hint = DECIMAL.test(text) ? ` Did you mean ${text}% or ${Number(text) / 100}?` : "";
  throw new InvalidArgumentError(`Expected a share from 0% to 100%, such as 10% or 0.1.${hint}`);
}

export function shareBelowAll(text: string): number {
  const value = share(text);
  if (value < 1) return value;
  throw new InvalidArgumentError("Expected a share from 0% to below 100%, such as 10% or 0.1.");
}

export function accuracy(text: string): number {
  const value = share(text);
  if (aboveZeroUpToOne.includes(value)) return value;
  throw new InvalidArgumentError("Expected an accuracy above 0, up to 100%, such as 95% or 0.95.");
}

export const layerSizes = listOf(wholeNumbers(1), "two or more whole numbers from 1", "784,30,10", 2);
export const indices = listOf(wholeNumbers(0), "whole numbers from 0", "0 or 0,7");

function listOf(range: Range<number>, expected: string, examples: string, fewest = 1): Parser<number[]> {
  return (text) => {
    const items = text.split(",");
    try {
      if (items.length >= fewest) return items.map(wholeNumber(range));
    } catch {}
    throw new InvalidArgumentError(`Expected ${expected}, separated by commas without spaces, such as ${examples}.`);
  };
}

export function parts(text: string): Part[] {
  const names = text.split(",");
  const known = PARTS.filter((part) => names.includes(part));
  if (names.every((name) => known.includes(name as Part))) return known;
  throw new InvalidArgumentError(`Expected some of ${PARTS.join(", ")}, separated by commas without spaces.`);
}

export function seed(text: string): number {
  return text === "random" ? crypto.getRandomValues(new Uint32Array(1))[0] : numberOr("random", SEED.range)(text);
}

export function threads(text: string): number | "auto" {
  return text === "auto" ? text : numberOr("auto", wholeNumbers(1, ENGINES.fast.mostThreads))(text);
}

export function simd(text: string): SimdChoice {
  const choice = /^\d+$/.test(text) ? Number(text) : text;
  if (SIMD_RANGE.includes(choice)) return choice;
  throw new InvalidArgumentError(`Expected ${SIMD_RANGE.expected}.`);
}

function numberOr(word: string, { expected, includes }: Range<number>): Parser<number> {
  return wholeNumber({ includes, expected: `${expected}, or "${word}"` });
}

export function notEmpty(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("Expected a path.");
}
