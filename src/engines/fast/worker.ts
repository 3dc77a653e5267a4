/** The program of a worker thread: it makes the kernel calls that crew.ts sends it. */
import { parentPort } from "node:worker_threads";
import type { Message } from "./crew.js";
import { instantiate, type Kernel, perform } from "./kernel.js";

let kernel: Kernel;

parentPort?.on("message", (message: Message) => {
  if (message.kind === "begin") {
    kernel = instantiate(message.module, message.memory);
  } else {
    perform(kernel, message.thread, message.call);
    parentPort?.postMessage("done");
  }
});
parentPort?.postMessage("ready");
