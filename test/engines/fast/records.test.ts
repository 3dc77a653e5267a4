/** The host's tables of records and names against the kernel's source. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FIELDS, KERNEL_NAMES } from "../../../dist/engines/fast/records.js";

const source = (file: string) =>
  readFileSync(new URL(`../../../src/engines/fast/assembly/${file}`, import.meta.url), "utf8");

/** The fields of each record class of assembly/layout.ts, in order: { images: [["starts", "usize"], ...], ... }. */
function kernelRecords(): Record<string, [name: string, type: string][]> {
  const classes = source("layout.ts").matchAll(/^export class (\w+) \{\n(.*?)^\}/gms);
  return Object.fromEntries(
    [...classes].map(([, name, body]) => [
      name.toLowerCase(),
      [...body.matchAll(/^ {2}(\w+): (\w+);$/gm)].map(([, field, type]): [string, string] => [field, type]),
    ]),
  );
}

/** The names of each enum of assembly/activation.ts as the command line spells them: { activation: ["sigmoid", ...], ... }. */
function kernelNames(): Record<string, string[]> {
  const enums = source("activation.ts").matchAll(/^const enum (\w+) \{(.*?)\}/gms);
  const spelled = (name: string) =>
    name
      .trim()
      .replace(/\B[A-Z]/g, "-$&")
      .toLowerCase();
  return Object.fromEntries(
    [...enums].map(([, name, members]) => [name.toLowerCase(), members.split(",").map(spelled)]),
  );
}

describe("the records", () => {
  it("have the same fields in the same order in the host and in the kernel", () => {
    const fields = Object.entries(kernelRecords()).map(([kind, fields]) => [kind, fields.map(([name]) => name)]);
    expect(Object.fromEntries(fields)).toEqual(FIELDS);
  });

  it("have only fields of 32 bits in the kernel", () => {
    const types = new Set(Object.values(kernelRecords()).flatMap((fields) => fields.map(([, type]) => type)));
    expect([...types].sort()).toEqual(["Rule", "f32", "i32", "u32", "usize"]); // Rule is an address
  });
});

it("the names of activations, outputs and costs are in the order of the kernel's numbers", () => {
  expect(kernelNames()).toEqual(KERNEL_NAMES);
});
