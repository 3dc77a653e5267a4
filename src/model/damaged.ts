/** The error for a file that is not what its format demands. */
import { DataError } from "../errors.js";

/** Makes the error of a reader that found something in a file that the format does not allow. */
export function damaged(path: string, expected: string, found: string, cause?: unknown): DataError {
  return new DataError({ thing: path, expected, found, remedy: "get or save the file again" }, { cause });
}

/** Shows a name or a value from a file in an error message, cut to a length that fits into one line. */
export function excerpt(value: unknown): string {
  const isPlain = typeof value === "string" || typeof value === "number"; // JSON has no word for infinity
  const text = isPlain ? `${value}` : (JSON.stringify(value) ?? "nothing");
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
