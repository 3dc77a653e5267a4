import { Chalk } from "chalk";
import { expect, it } from "vitest";
import type { Form } from "../../../dist/cli/report/events.js";
import { compactCount, count, human } from "../../../dist/cli/report/human.js";

it("the form for people leaves out an event that only programs are told", () => {
  const event = { event: "new" } as unknown as Parameters<Form>[0];
  expect(human(new Chalk({ level: 0 }))(event)).toEqual([]);
});

/** Numbers of every size below 1e9: around each change of the number of digits, and powers of 1.01 between them. */
const NUMBERS = [
  ...[0, 0.4, 0.6, 1, 9.94, 9.96, 99.4, 99.6, 994, 996, 999.6, 9_940, 99_600, 994_000, 996_000, 999_999],
  ...Array.from({ length: 2000 }, (_, i) => 1.01 ** i).filter((n) => n < 9.9e8),
];

it("writes counts as Intl.NumberFormat does", () => {
  const full = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 2 });
  expect(NUMBERS.map(count)).toEqual(NUMBERS.map((n) => full.format(n)));
  expect(NUMBERS.map(compactCount)).toEqual(NUMBERS.map((n) => compact.format(n)));
});
