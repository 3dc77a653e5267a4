import { DataError } from "../errors.js";

/** The error of a reader that found something else in a file than its format demands. */
export function damaged(path: string, expected: string, found: string, cause?: unknown): DataError {
  return new DataError({ thing: path, expected, found, remedy: "get or save the file again" }, { cause });
}

/** A name or value out of a file, short enough for a message of one line. */
export function excerpt(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
