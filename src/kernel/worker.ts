/** A thread of the kernel: makes the calls that it is sent, on the memory that it is given. */
import { parentPort, workerData } from "node:worker_threads";
import type { Order, Start } from "./crew.js";
import { instantiate, perform } from "./kernel.js";

const { module, memory }: Start = workerData;
const kernel = instantiate(module, memory);

parentPort?.on("message", ({ call, thread }: Order) => {
  perform(kernel, thread, call);
  parentPort?.postMessage("done");
});
