/** A thread of the kernel: makes the calls that it is sent, on the memory that it is given. */
import { parentPort, workerData } from "node:worker_threads";
import type { Start } from "./crew.js";
import { type Call, instantiate, perform } from "./kernel.js";

const { module, memory, thread }: Start = workerData;
const kernel = instantiate(module, memory);

parentPort?.on("message", (call: Call) => {
  perform(kernel, thread, call);
  parentPort?.postMessage("done");
});
