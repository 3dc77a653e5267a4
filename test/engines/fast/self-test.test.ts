/** The self-test of the 256-bit kernel: its written hashes, what it optimises, and what happens when it fails. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { testedSimd } from "../../../dist/cli/flag-values.js";
import { compile } from "../../../dist/engines/fast/kernel.js";
import { EXPECTED_BITS, selfTest, trainedBits } from "../../../dist/engines/fast/self-test.js";
import { loadKernel } from "../../../dist/engines/fast/simd.js";
import { HAS_256 } from "../../fixtures/kernel.js";

// When the kernel's arithmetic changes, put the hashes that this test finds into src/engines/fast/self-test.ts.
// The build for 256 bits is left out where the tests below need it with 256-bit code: V8 would use the 128-bit code again that it made here.
const BUILDS = ["release", "debug", ...(HAS_256 ? [] : ["release256" as const])] as const;
it.each(BUILDS)("the hashes are those of the %s build with 128 bits", async (build) => {
  expect(trainedBits(await compile(build))).toEqual(EXPECTED_BITS);
});

describe.skipIf(!HAS_256)("on a machine with 256-bit SIMD (Node 24 and 26, with AVX2)", () => {
  it("passes", async () => {
    expect(await selfTest()).toBeInstanceOf(WebAssembly.Module);
    expect((await loadKernel("auto")).simd).toBe(256);
    expect((await loadKernel(128)).simd).toBe(128);
  });

  it("if the bits differ, auto takes 128 bits and says so, and 256 is refused", async () => {
    const failing = () => selfTest([EXPECTED_BITS[0], "0".repeat(64)]);
    expect(await failing()).toBeUndefined();
    const { simd, module } = await loadKernel("auto", failing);
    expect(simd).toBe(128);
    expect(trainedBits(module)).toEqual(EXPECTED_BITS);
    await expect(loadKernel(256, failing)).rejects.toThrow(
      "simd 256: expected the bits that 128 bits give, found others in the self-test; use 128 bits",
    );
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    const width = await testedSimd({ engine: "fast", simd: "auto" }, note, (choice) => loadKernel(choice, failing));
    expect([width, notes]).toEqual([
      128,
      [expect.stringMatching(/^Note: the self-test of 256-bit SIMD gave other bits/)],
    ]);
  });

  // The flags are off again when training begins, so a function that is optimised later would have 128 bits.
  it("optimises every function that training needs, and lets V8 pair its instructions", async () => {
    const script = `
      import { compile } from "${new URL("../../../dist/engines/fast/kernel.js", import.meta.url)}";
      import { loadKernel } from "${new URL("../../../dist/engines/fast/simd.js", import.meta.url)}";
      import { Images, Network, Random, train } from "${new URL("../../../dist/index.js", import.meta.url)}";
      await loadKernel(256);
      console.log("TESTED");
      const random = new Random(1);
      const pixels = Uint8Array.from({ length: 400 * 784 }, () => random.uint32() % 1000 < 200 ? 200 : 0);
      const examples = { images: Images.fromPixels(pixels, 28, 28), labels: new Uint8Array(400).map((_, i) => i % 10) };
      const data = { training: examples, validation: examples, test: examples, classes: 10 };
      for (const [layers, batchSize, options] of [
        [[784, 30, 10], 10, {}],
        [[784, 300, 100, 10], 100, { lambda: 5, momentum: 0.9 }],
        [[784, 300, 100, 10], 50, { dropout: 0.5, maxNorm: 3 }],
        [[784, 100, 10], 10, { lambda: 5, l1: 1 }],
      ]) {
        const network = Network.random(layers, random);
        await train(network, data, { epochs: 5, batchSize, eta: 0.1, simd: 256, threads: 1, random, ...options });
      }
    `;
    const flags = ["--trace-wasm-compilation-times", "--trace-wasm-revectorize"];
    const options = ["--input-type=module", "--eval", script];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...options], { maxBuffer: 2 ** 28 });
    const [before, after] = stdout.split("TESTED");
    expect(before.match(/^Begin revec function/gm)?.length).toBeGreaterThan(5);
    expect(before.match(/ using TurboFan/g)?.length).toBeGreaterThan(10);
    expect(after.match(/.* using TurboFan.*/g) ?? []).toEqual([]);
  });
});
