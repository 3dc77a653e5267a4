import { damaged, excerpt } from "./damaged.js";
import { isObject } from "./json.js";

interface Range {
  min: number;
  max?: number;
}

/** An object from a file that is not to be trusted: each method gives a value, or throws a DataError if it is not of that kind. */
export class Header {
  readonly #path: string;
  readonly #values: Record<string, unknown>;

  constructor(path: string, value: unknown) {
    if (!isObject(value)) throw damaged(path, "an object in the header", excerpt(value));
    this.#path = path;
    this.#values = value;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key);
  }

  isNull(key: string): boolean {
    return this.has(key) && this.#values[key] === null;
  }

  number(key: string): number {
    return this.#get(key, "a finite number", Number.isFinite);
  }

  wholeNumber(key: string, { min, max = Number.MAX_SAFE_INTEGER }: Range): number {
    return this.#get(key, `a whole number from ${min} to ${max}`, (value) => isWhole(value, min, max));
  }

  /** By default any number of them. */
  wholeNumbers(key: string, { min, max = Number.MAX_SAFE_INTEGER, length }: Range & { length?: number }): number[] {
    const expected = `${length ?? "a list of"} whole numbers from ${min} to ${max}`;
    return this.#get(key, expected, (value) => {
      if (!Array.isArray(value) || value.length !== (length ?? value.length)) return false;
      return value.every((n) => isWhole(n, min, max));
    });
  }

  /** By default any text. */
  text(key: string, form?: RegExp): string {
    const expected = form ? `text like ${form.source}` : "text";
    return this.#get(key, expected, (value) => typeof value === "string" && (form?.test(value) ?? true));
  }

  array(key: string): unknown[] {
    return this.#get(key, "a list", Array.isArray);
  }

  object(key: string): Record<string, unknown> {
    return this.#get(key, "an object", isObject);
  }

  oneOf<T>(key: string, values: readonly T[]): T {
    return this.#get(key, values.join(" or "), (value) => values.includes(value as T));
  }

  #get<T>(key: string, expected: string, fits: (value: unknown) => boolean): T {
    const value = this.has(key) ? this.#values[key] : undefined;
    if (!fits(value)) throw damaged(this.#path, `${expected} for ${key}`, excerpt(value));
    return value as T;
  }
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
