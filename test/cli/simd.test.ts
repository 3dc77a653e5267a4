/** `--simd`: what it refuses, that it changes no result, and where the width is shown. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderOf } from "../fixtures/idx.js";
import { HAS_256 } from "../fixtures/kernel.js";
import { run } from "../fixtures/mini-mnist.js";
import { parse } from "../fixtures/run.js";

const SHORT = ["--epochs", "1", "--validation", "3000"];
const BENCH = ["bench", "--layers", "784,1,10", "--batch-size", "100", "--validation", "3900"];

/** Times of a baseline that any machine meets. */
const SLOW = { count: 7, min: 1000, lower: 1000, median: 1000, upper: 1000, max: 1000 };

describe("--simd", () => {
  it.each([
    [["--simd", "512"], /argument '512' is invalid. Expected auto, 128 or 256.\n/],
    [["--simd", "128bit"], /Expected auto, 128 or 256/],
    [
      ["--engine", "textbook", "--simd", "128"],
      /^error: simd 128: expected an engine that uses SIMD instructions, found the textbook engine; use the fast engine\n$/,
    ],
    [["bench", "--engine", "textbook", "--compare-simd"], /^error: simd 256: expected an engine that uses SIMD/],
    [
      ["bench", "--compare-simd", "--simd", "256"],
      /^error: --compare-simd: expected no --simd beside it, found --simd 256; /,
    ],
  ])("refuses %j", async (args, message) => {
    expect(await run(args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
  });

  it.skipIf(HAS_256).each([[["--simd", "256"]], [["check", "--simd", "256"]], [["bench", "--compare-simd"]]])(
    "refuses %j where 256 bits are not available, before anything is computed",
    async (args) => {
      const message = /^error: simd 256: expected .*; use 128 bits/;
      expect(await run(args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
    },
  );

  it("is null in the settings of the textbook engine", async () => {
    const [start] = parse((await run([...SHORT, "--engine", "textbook", "--json"])).stdout);
    expect(start.simd).toBeNull();
  });

  it("changes no result, and the start, the end and the first line say which width is used", async () => {
    const widths = HAS_256 ? ["128", "256", "auto"] : ["128", "auto"];
    const ends = [];
    for (const width of widths) {
      const { stdout, stderr } = await run([...SHORT, "--simd", width, "--json"]);
      expect(stderr).not.toMatch(/SIMD/);
      const [start, ...rest] = parse(stdout);
      const end = rest.pop();
      const expected = width === "auto" ? (HAS_256 ? 256 : 128) : Number(width);
      expect([start.simd, end.settings.simd]).toEqual([expected, expected]);
      ends.push(end.weightsSha256);
    }
    expect(new Set(ends).size).toBe(1);
    const { stdout } = await run(SHORT);
    expect(stdout.split("\n")[0]).toMatch(HAS_256 ? /, fast( x \d+)?, 256-bit$/ : /, fast( x \d+)?$/);
  });

  it("must be the same as in a baseline, unless the baseline is older than --simd", async () => {
    const file = join(folderOf({}), "baseline.json");
    expect((await run([...BENCH, "--simd", "128", "--save-baseline", file])).code).toBe(0);
    const { simd, ...older } = JSON.parse(readFileSync(file, "utf8"));
    expect(simd).toBe(128);
    const baseline = { ...older, trainSeconds: SLOW, evaluateSeconds: SLOW };
    writeFileSync(file, JSON.stringify({ ...baseline, simd: 256 }));
    expect(await run([...BENCH, "--simd", "128", "--baseline", file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/expected figures for simd 128, found simd 256/),
    });
    writeFileSync(file, JSON.stringify(baseline));
    expect((await run([...BENCH, "--simd", "128", "--baseline", file])).code).toBe(0);
  });

  it.skipIf(!HAS_256)("is compared by bench --compare-simd (on Node 24 and 26, with AVX2)", async () => {
    const file = join(folderOf({}), "baseline.json");
    const { code, stdout } = await run([...BENCH, "--compare-simd", "--save-baseline", file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/784,1,10, batch 100, fast\n/);
    expect(stdout).toMatch(/784,1,10, batch 100, fast, 256-bit\n/);
    expect(stdout).toMatch(/an epoch takes \d+\.\d\d times as long as with 128-bit SIMD\n/);
    const kept = { ...JSON.parse(readFileSync(file, "utf8")), trainSeconds: SLOW, evaluateSeconds: SLOW };
    writeFileSync(file, JSON.stringify(kept));
    const met = await run([...BENCH, "--compare-simd", "--baseline", file]);
    expect(met.stdout).toMatch(/\nRatio .*\nBaseline {3}met: training .* faster/);
    const reports = parse((await run([...BENCH, "--compare-simd", "--json"])).stdout);
    expect(reports.map(({ event, simd }) => [event, simd])).toEqual([
      ["bench", 128],
      ["bench", 256],
    ]);
  });
});
