import { damaged, excerpt } from "./damaged.js";

/** No file of ours nests deeper, or holds more arrays, objects and keys: such text is meant to fill the memory. */
const MAX_DEPTH = 32;
const MAX_PARTS = 1 << 22;

/**
 * Parses JSON from a file that is not to be trusted.
 *
 * @throws DataError if it is no UTF-8 or no JSON, or has a key twice, of which readers take one or the other
 */
export function parseJson(path: string, json: string | Uint8Array): unknown {
  const text = typeof json === "string" ? json : decode(path, json);
  try {
    checkKeys(path, text);
    return JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const token = /[[,:\s](-?(?:NaN|Infinity))[\],}\s]/.exec(text)?.[1]; // as Python's json writes them
    throw damaged(path, token ? "finite numbers" : "sound JSON", token ?? cause.message, cause);
  }
}

/** Whether `value` is what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw damaged(path, "text in UTF-8", "other bytes", cause);
  }
}

/** Looks over the text without building anything of it. It need not be sound JSON. */
function checkKeys(path: string, text: string): void {
  /** The keys so far of what is open, innermost last; an array has none. */
  const open: Set<string>[] = [];
  let parts = 0;
  const countPart = () => {
    if (++parts > MAX_PARTS) throw damaged(path, `at most ${MAX_PARTS} arrays, objects and keys`, "more");
  };
  const colon = /\s*:/y;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "[") {
      countPart();
      if (open.push(new Set()) > MAX_DEPTH) throw damaged(path, `JSON of at most ${MAX_DEPTH} levels`, "more");
    } else if (c === "}" || c === "]") {
      open.pop();
    } else if (c === '"') {
      const end = endOfString(text, i);
      colon.lastIndex = end + 1;
      if (colon.test(text)) {
        countPart();
        const key: string = JSON.parse(text.slice(i, end + 1));
        if (open.at(-1)?.has(key)) throw damaged(path, "each key once", `${excerpt(key)} twice`);
        if (key === "__proto__") throw damaged(path, "keys that are names", key);
        open.at(-1)?.add(key);
      }
      i = end;
    }
  }
}

/** Where the string that starts at `start` ends: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i;
}
