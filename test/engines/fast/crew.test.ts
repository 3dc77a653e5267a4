/** Worker threads are started and ended; fast-engine.test.ts tests what happens when one fails. */
import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { Crew } from "../../../dist/engines/fast/crew.js";
import { compile } from "../../../dist/engines/fast/kernel.js";

const module = await compile("release");
const memory = () => new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });

it("starts and ends many workers without a warning about too many listeners", async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.name);
  process.on("warning", listen);
  const crew = await Crew.start();
  expect(await crew.complete(12, module, memory())).toBe(true);
  await crew.close();
  await setImmediate(); // warnings come with the next turn of the event loop
  process.off("warning", listen);
  expect(warnings).toEqual([]);
});

it("takes a worker that was started ahead for the next crew, and only once", async () => {
  const started: Worker[] = [];
  const listen = (worker: Worker) => started.push(worker);
  process.on("worker", listen);
  Crew.startAhead();
  const crews = [await Crew.start(), await Crew.start()];
  expect(started).toHaveLength(2);
  await crews[0].complete(3, module, memory());
  expect(started).toHaveLength(4);
  await Promise.all(crews.map((crew) => crew.close()));
  process.off("worker", listen);
});

it("starts the others ahead, too, when the first worker is ready", async () => {
  const started: Worker[] = [];
  const three = new Promise<void>((resolve) => {
    process.on("worker", (worker: Worker) => {
      started.push(worker);
      if (started.length === 3) resolve();
    });
  });
  Crew.startAhead(1);
  Crew.startAhead(3); // as the command line does when it knows the number
  await three;
  const crew = await Crew.start();
  expect(await crew.complete(3, module, memory())).toBe(true);
  await crew.close();
  process.removeAllListeners("worker");
  expect(started).toHaveLength(3);
});

it("starts no worker after it was closed, and is not complete if it is closed meanwhile", async () => {
  const started: Worker[] = [];
  const listen = (worker: Worker) => started.push(worker);
  process.on("worker", listen);
  const crew = await Crew.start();
  const completing = crew.complete(2, module, memory());
  await crew.close();
  expect(await completing).toBe(false);
  expect(await crew.complete(2, module, memory())).toBe(false);
  expect(started).toHaveLength(2);
  process.off("worker", listen);
});
