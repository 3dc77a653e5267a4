/** Worker threads are started and ended; fast-engine.test.ts tests what happens when one fails. */
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { Crew } from "../../../dist/engines/fast/crew.js";

it("starts and ends many workers without a warning about too many listeners", async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.name);
  process.on("warning", listen);
  const crew = await Crew.start(12);
  await crew.close();
  await setImmediate(); // warnings come with the next turn of the event loop
  process.off("warning", listen);
  expect(warnings).toEqual([]);
});
