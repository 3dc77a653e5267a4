import { Chalk } from "chalk";
import { expect, it } from "vitest";
import type { Form } from "../../../dist/cli/report/events.js";
import { human } from "../../../dist/cli/report/human.js";

it("the form for people leaves out an event that only programs are told", () => {
  const event = { event: "new" } as unknown as Parameters<Form>[0];
  expect(human(new Chalk({ level: 0 }))(event)).toEqual([]);
});
