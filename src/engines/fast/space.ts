/** Takes pieces of the memory that the kernel and all its threads share. */
import { FIELDS, type Fields } from "./records.js";
import { roundUp } from "./shares.js";

/** The first address after the kernel's own data, in bytes. */
const BASE = 65536;

/** The size of a cache line in bytes. */
export const LINE = 64;

/** The memory that is taken so far; everything in it begins at a cache line. */
export class Space {
  top = BASE;
  /** The words of each record, by its address. */
  readonly records = new Map<number, number[]>();

  /** Takes `bytes` bytes, and returns the address of the first one. */
  take(bytes: number): number {
    const at = this.top;
    this.top = roundUp(at + bytes, LINE);
    return at;
  }

  record<Kind extends keyof typeof FIELDS>(kind: Kind, fields: Fields<Kind>, at = this.take(4 * FIELDS[kind].length)) {
    const words = FIELDS[kind].map((name) => fields[name as keyof typeof fields]);
    this.records.set(at, words);
    return { at, fields };
  }
}
