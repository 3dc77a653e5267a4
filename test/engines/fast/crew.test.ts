/** Worker threads are started and ended; fast-engine.test.ts tests what happens when one fails. */
import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
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

it("takes a crew that was started ahead for the next crew of its size, and only once", async () => {
  const started: Worker[] = [];
  const listen = (worker: Worker) => started.push(worker);
  process.on("worker", listen);
  Crew.startAhead(2);
  const crews = [await Crew.start(1), await Crew.start(2)];
  expect(started).toHaveLength(3);
  crews.push(await Crew.start(2));
  expect(started).toHaveLength(5);
  await Promise.all(crews.map((crew) => crew.close()));
  process.off("worker", listen);
});
