/** The self-test of the 256-bit kernel: it trains two tiny networks and compares the bits with those that 128 bits give. */
import { setFlagsFromString } from "node:v8";
import type { Dataset } from "../../data/dataset.js";
import { Images } from "../../data/images.js";
import { PERIOD } from "../../distortion/displacement-fields.js";
import { Distortion } from "../../distortion/distortion.js";
import { DEFAULTS, type Hyperparameters } from "../../network/hyperparameters.js";
import { Network, type NetworkOptions } from "../../network/network.js";
import { Random } from "../../network/random.js";
import { Distorter } from "./distorter.js";
import { instantiate, kernelBytes } from "./kernel.js";
import { layOut } from "./layout.js";
import { KernelMemory } from "./memory.js";

/**
 * The SHA-256 of each network's weights and biases after the self-test. When the kernel's arithmetic or `TASKS` changes, these must be
 * renewed: test/engines/fast/self-test.test.ts fails then and shows the new ones, which it has from the kernel of 128 bits.
 */
export const EXPECTED_BITS = [
  "d8ca59ad1ffd37570c74a62ebea5b929d6c84e05ee1e4afa1ba81a39668195cb",
  "ba2c0a20cb43e2c467a65230bdf9c1fbe7551b5de938cda190951b1ef9246b03",
];

/** The number of rows and columns of an image. */
const SIDE = 4;

/** How the images are distorted. `trainedBits` adds the displacement fields of elastic distortions. */
const AFFINE = { augment: "affine", augmentStrength: 1 } as const;

/**
 * The networks and how they are trained. Together they call every function of the kernel that matters for speed: the first is trained
 * row by row, the second from lists and with what chapter 3 adds.
 */
const TASKS: {
  sizes: number[];
  batchSize: number;
  lists: boolean;
  options: Partial<Hyperparameters> & NetworkOptions;
}[] = [
  { sizes: [SIDE * SIDE, 62, 10], batchSize: 4, lists: false, options: { lambda: 1 } },
  {
    sizes: [SIDE * SIDE, 104, 37, 10],
    batchSize: 33,
    lists: true,
    options: {
      activation: "relu",
      output: "softmax",
      cost: "log-likelihood",
      momentum: 0.9,
      dropout: 0.25,
      maxNorm: 2,
    },
  },
];

/** The number of times that a network is trained on its examples. Optimised code takes effect at the next call of a function. */
const EPOCHS = 4;

/** The size of the memory for a network, in pages of 64 KiB. */
const PAGES = 64;

/**
 * V8's flags while the test runs, and their defaults in Node 24 and 26. V8 optimises a function when it has run for as long as the budget
 * says; with the small one, one epoch is enough. A module keeps the budget with which it was made. Without sync-tier-up V8 would optimise on
 * another thread, and the test would have to wait for it.
 */
const FLAGS = {
  test: ["--experimental-wasm-revectorize", "--wasm-sync-tier-up", "--wasm-tiering-budget=1000"],
  usual: ["--no-experimental-wasm-revectorize", "--no-wasm-sync-tier-up", "--wasm-tiering-budget=13000000"],
};

/**
 * Makes the 256-bit kernel and tests it: V8 optimises it to 256-bit instructions while it trains the networks.
 *
 * V8's flags hold for the whole process, but they are set only while the test runs, for about 20 ms. The module keeps its optimised
 * code, here and in the worker threads that are given the module. If the flags stayed set, V8 would reject the compiled code that Node keeps of
 * its own parts, and every new worker would start later.
 *
 * @param expected  the hashes that the networks must have; tests pass wrong ones
 * @returns the tested module; undefined if the bits differ
 */
export async function selfTest(expected = EXPECTED_BITS): Promise<WebAssembly.Module | undefined> {
  const bytes = await kernelBytes("release256");
  for (const flag of FLAGS.test) setFlagsFromString(flag);
  try {
    const module = new WebAssembly.Module(bytes);
    return `${trainedBits(module)}` === `${expected}` ? module : undefined;
  } finally {
    for (const flag of FLAGS.usual) setFlagsFromString(flag);
  }
}

/** Trains the networks with the kernel, on this thread. @returns the SHA-256 of each network's weights and biases, in hexadecimal */
export function trainedBits(module: WebAssembly.Module): string[] {
  // These displacements are not smooth, because smooth fields would take longer than all the rest of the test.
  const displacements = new Int32Array(PERIOD ** 2).map((_, i) => ((7919 * i) & 8191) - 4096);
  // One small memory for all, because V8 may reserve gigabytes of addresses for each, and the process may be limited.
  const shared = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  return TASKS.map(({ sizes, batchSize, lists, options }) => {
    const random = new Random(1);
    const network = Network.random(sizes, random, options);
    const n = 2 * batchSize + 5; // the last mini-batch is smaller
    const data = randomData(n, random);
    const settings = { ...DEFAULTS, ...options, batchSize, lists, threads: 1, augment: "elastic" } as const;
    const layout = layOut(network, data, settings);
    new Uint8Array(shared.buffer).fill(0);
    const memory = new KernelMemory(data, layout, shared);
    const kernel = instantiate(module, memory.memory);
    const { solo, images, etas, scratchExamples, outputs } = layout;
    const [thread, { at }] = [solo.thread.at, images.training];
    const distorter = new Distorter(memory);
    distorter.writeFields(displacements, displacements);
    memory.write("solo", network);
    memory.floats(etas, 3).fill(0.5);
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      distorter.prepare(
        new Distortion(AFFINE, 1, epoch, SIDE, SIDE),
        Uint32Array.from({ length: n }, (_, i) => i),
      );
      kernel.train(thread, at, 0, 3, batchSize, n, etas, epoch, 0, ...distorter.records);
      kernel.evaluate(thread, at, 0, n, scratchExamples, outputs);
      kernel.finite(0, layout.outputs);
    }
    memory.read("solo", network);
    return network.weightsSha256();
  });
}

/** Examples of which a fifth of the pixels are ink, as in MNIST. */
function randomData(n: number, random: Random): Dataset {
  const values = Uint8Array.from({ length: n * SIDE * SIDE }, () => {
    const bits = random.uint32();
    return bits % 5 ? 0 : bits >>> 24;
  });
  const examples = {
    images: Images.fromPixels(values, SIDE, SIDE),
    labels: Uint8Array.from({ length: n }, (_, i) => i % 10),
  };
  return { training: examples, validation: examples, test: examples, classes: 10 };
}
