/** The program of the thread on which the self-test of the 256-bit kernel runs. */
import { parentPort, workerData } from "node:worker_threads";
import { selfTest } from "./self-test.js";

parentPort?.postMessage(await selfTest(workerData ?? undefined));
