/** The self-test of the 256-bit kernel: it trains two tiny networks and compares the bits with those that 128 bits give. */
import { setFlagsFromString } from "node:v8";
import type { Dataset } from "../../data/dataset.js";
import { Images } from "../../data/images.js";
import { DEFAULTS, type Hyperparameters } from "../../network/hyperparameters.js";
import { Network, type NetworkOptions } from "../../network/network.js";
import { Random } from "../../network/random.js";
import { allow256Bits, instantiate, kernelBytes } from "./kernel.js";
import { layOut } from "./layout.js";
import { KernelMemory } from "./memory.js";

/**
 * The SHA-256 of each network's weights and biases after the self-test. When the kernel's arithmetic or `TASKS` changes, these must be
 * renewed: test/engines/fast/self-test.test.ts fails then and shows the new ones, which it has from the kernel of 128 bits.
 */
export const EXPECTED_BITS = [
  "04b661f1a135533687704a9a12b50c4c700b9c78a731e2642e4a68585cc1ed14",
  "13bad0c3d82b4dc49db5e6baee9e8d16565f24f1d223256b50782ecfcd68c16f",
];

/**
 * The networks and how they are trained. Together they call every function of the kernel that matters for speed: the first is trained
 * row by row, the second, which is wider and has a larger mini-batch, pixel by pixel.
 */
const TASKS: { sizes: number[]; batchSize: number; options: Partial<Hyperparameters> & NetworkOptions }[] = [
  { sizes: [100, 37, 10], batchSize: 10, options: { lambda: 1 } },
  {
    sizes: [100, 140, 40, 10],
    batchSize: 64,
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

/**
 * V8 optimises a function when it has run for as long as this budget says. The self-test compiles the kernel with a small budget, so that the
 * first epoch is enough for every function. The usual budget is that of Node 24 and 26.
 */
const BUDGET = { small: 1000, usual: 13_000_000 };

/**
 * Compiles the 256-bit kernel and tests it. V8 optimises the kernel during the test, before each call goes on, so that it is optimised code
 * that is tested, in the same order each time. The flag for 256 bits stays set if the kernel passes.
 *
 * @returns the tested module; undefined if the bits differ
 */
export async function selfTest(expected = EXPECTED_BITS): Promise<WebAssembly.Module | undefined> {
  const bytes = await kernelBytes("release", 256);
  allow256Bits();
  setFlagsFromString("--wasm-sync-tier-up");
  setFlagsFromString(`--wasm-tiering-budget=${BUDGET.small}`);
  const module = new WebAssembly.Module(bytes);
  setFlagsFromString(`--wasm-tiering-budget=${BUDGET.usual}`); // a module keeps the budget with which it was made
  const found = trainedBits(module);
  setFlagsFromString("--no-wasm-sync-tier-up");
  if (`${found}` === `${expected}`) return module;
  allow256Bits(false);
  return undefined;
}

/** Trains the networks with the kernel, on this thread. @returns the SHA-256 of each network's weights and biases, in hexadecimal */
export function trainedBits(module: WebAssembly.Module): string[] {
  return TASKS.map(({ sizes, batchSize, options }) => {
    const random = new Random(1);
    const network = Network.random(sizes, random, options);
    const n = 2 * batchSize + 5; // the last mini-batch is smaller
    const data = randomData(sizes[0], n, random);
    const layout = layOut(network, data, { ...DEFAULTS, ...options, batchSize, threads: 1 });
    const memory = new KernelMemory(data, layout);
    const kernel = instantiate(module, memory.memory);
    const { solo, images, scratchExamples, outputs } = layout;
    const { at } = images.training;
    memory.write(network);
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      kernel.train(solo.thread.at, at, 0, 3, batchSize, n, 0.5, epoch, 0);
      kernel.evaluate(solo.thread.at, at, 0, n, scratchExamples, outputs);
    }
    memory.read(network);
    return network.weightsSha256();
  });
}

/** Examples of which a fifth of the pixels are ink, as in MNIST. */
function randomData(pixels: number, n: number, random: Random): Dataset {
  const values = Uint8Array.from({ length: n * pixels }, () => {
    const bits = random.uint32();
    return bits % 5 ? 0 : bits >>> 24;
  });
  const examples = {
    images: Images.fromPixels(values, 1, pixels),
    labels: Uint8Array.from({ length: n }, (_, i) => i % 10),
  };
  return { training: examples, validation: examples, test: examples } as Dataset;
}
