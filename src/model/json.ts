/** JSON from files that are not to be trusted: parsing it safely, and checking by a schema what came out. */
import { isUtf8 } from "node:buffer";
import * as v from "valibot";
import { namesOf, numbers, type Range } from "../ranges.js";
import { damaged, excerpt } from "./damaged.js";

/** No file of ours nests deeper. Functions that call themselves for each level, such as JSON.stringify, would overflow the stack. */
const MAX_DEPTH = 32;

/** No file of ours holds more arrays and objects. An empty object takes 2 bytes in JSON, but 56 in memory. */
const MAX_CONTAINERS = 1 << 22;

/** Parses text or UTF-8. @throws DataError if it is not valid JSON, nests too deeply or would take too much memory */
export function parseJson(path: string, json: string | Uint8Array): unknown {
  if (typeof json !== "string" && !isUtf8(json)) throw damaged(path, "text in UTF-8", "other bytes");
  const text = typeof json === "string" ? json : new TextDecoder().decode(json);
  let containers = 0; // those inside strings count too, which are few
  for (let i = 0; i < text.length; i++) if (text[i] === "[" || text[i] === "{") containers++;
  if (containers > MAX_CONTAINERS) {
    throw damaged(path, `JSON of at most ${MAX_CONTAINERS} arrays and objects`, `${containers}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text); // if an object has a key twice, the last one counts
  } catch (cause) {
    const name = /[[,:\s](-?(?:NaN|Infinity))[\],}\s]/.exec(text)?.[1]; // Python's json writes such numbers
    throw damaged(path, name ? "finite numbers" : "valid JSON", name ?? "text that is not JSON", cause);
  }
  if (!nestsAtMost(MAX_DEPTH, value)) throw damaged(path, `JSON of at most ${MAX_DEPTH} levels`, "more");
  return value;
}

function nestsAtMost(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const elements: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return levels > 0 && elements.every((element) => nestsAtMost(levels - 1, element));
}

/**
 * Checks a value by a schema. The message of each part of the schema says what is expected there, such as "a whole number from 1".
 *
 * @param name  what the value is called in the error, if it is a part of something else in the file
 * @throws DataError at the first part that is not as expected
 */
export function checkValue<T>(path: string, schema: v.GenericSchema<unknown, T>, value: unknown, name?: string): T {
  const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const isUnknownKey = issue.expected === "never";
  const isMissing = issue.path?.at(-1)?.origin === "key" && !isUnknownKey;
  const place = [isUnknownKey ? undefined : v.getDotPath(issue), name].filter(Boolean).join(" of ");
  const expected = isMissing ? "a value" : issue.message;
  const found = isUnknownKey ? `the key ${excerpt(issue.input)}` : excerpt(issue.input);
  throw damaged(path, place ? `${expected} for ${excerpt(place)}` : expected, found);
}

export const text = v.string("text");

export function inRange<T>({ includes, expected }: Range<T>) {
  return v.custom<T>(includes, expected);
}

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  const to = max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : "";
  return inRange(numbers(`a whole number from ${min}${to}`, (n) => Number.isSafeInteger(n) && n >= min && n <= max));
}

export function nameIn<Name extends string>(table: Record<Name, unknown>) {
  return inRange(namesOf(table));
}

/** An object, not an array, which valibot's own schemas would take for one. */
export const anObject = v.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "an object",
);

/** An object that has such values under any names. Leaves out `__proto__`. */
export function objectOf<T>(values: v.GenericSchema<unknown, T>) {
  return v.pipe(anObject, v.record(v.string(), values));
}
