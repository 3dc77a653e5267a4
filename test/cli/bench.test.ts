import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BenchReport } from "../../dist/cli/report/bench-report.js";
import type { Spread } from "../../dist/training/benchmark.js";
import { folderOf } from "../fixtures/idx.js";
import { run } from "../fixtures/mini-mnist.js";
import { parse, run as runOnMnist } from "../fixtures/run.js";

/** An epoch of 100 images. */
const SMALL = ["bench", "--layers", "784,1,10", "--batch-size", "100", "--validation", "3900"];
const FAST = [...SMALL, "--json"];

const scaled = (spread: Spread, factor: number) =>
  Object.fromEntries(Object.entries(spread).map(([key, value]) => [key, factor * value]));

describe("bp-train bench", () => {
  it("prints figures that fit together, and what ran it", async () => {
    const mnist = ["--layers", "784,2,10", "--batch-size", "100", "--validation", "58000"];
    const { code, stdout } = await runOnMnist(["bench", ...mnist, "--json"]);
    expect(code).toBe(0);
    const [report]: BenchReport[] = parse(stdout);
    expect(report).toMatchObject({
      event: "bench",
      layers: [784, 2, 10],
      batchSize: 100,
      engine: "fast",
      threads: 1,
      trainingExamples: 2000,
      testExamples: 10_000,
      node: process.versions.node,
      v8: process.versions.v8,
    });
    for (const { count, min, lower, median, upper, max } of [report.trainSeconds, report.evaluateSeconds]) {
      expect(count).toBeGreaterThanOrEqual(7);
      expect([min, lower, median, upper, max]).toEqual([min, lower, median, upper, max].sort((a, b) => a - b));
      expect(min).toBeGreaterThan(0);
    }
    expect(report.trainingExamplesPerSecond).toBeCloseTo(2000 / report.trainSeconds.median);
    // 784 x 2 weights forward and updated, 2 x 10 forward, backward and updated, at a multiplication and an addition each
    const operations = 2000 * (4 * 784 * 2 + 6 * 2 * 10);
    expect(report.gflopsDense).toBeCloseTo(operations / report.trainSeconds.median / 1e9);
    expect(report.gflopsDone / report.gflopsDense).toBeGreaterThan(0.19);
    expect(report.gflopsDone / report.gflopsDense).toBeLessThan(0.22); // 19 % of MNIST's pixels are not 0
    expect(report.peakMemory).toBeGreaterThan(50e6);
    expect(report.loadSeconds).toBeGreaterThan(0);
    expect(report).toMatchObject({ trainRatio: null, evaluateRatio: null, baseline: null });
  });

  it("compares engines", async () => {
    const { stdout } = await run([...SMALL, "--compare-engines"]);
    expect(stdout).toMatch(/784,1,10, batch 100, textbook\n/);
    expect(stdout).toMatch(/takes \d+\.\d\d times as long as with the fast engine/);
  });

  it("compares ratios with a baseline of ratios, and refuses to mix them with times", async () => {
    const file = join(folderOf({}), "relative.json");
    const relative = [...SMALL, "--relative"];
    const saved = await run([...relative, "--save-baseline", file]);
    expect(saved).toMatchObject({ code: 0, stderr: "" });
    expect(saved.stdout).toMatch(
      /\nRelative {3}training takes .* % of the textbook's time; half of \d+ epochs took .* to .* %\n/,
    );
    const kept: BenchReport = JSON.parse(readFileSync(file, "utf8"));
    expect(kept.trainRatio?.count).toBe(kept.trainSeconds.count);
    const keep = (factor: number) => {
      const [trainRatio, evaluateRatio] = [kept.trainRatio, kept.evaluateRatio].map((ratios) =>
        scaled(ratios as Spread, factor),
      );
      writeFileSync(file, JSON.stringify({ ...kept, trainRatio, evaluateRatio }));
    };
    keep(1000);
    const met = await run([...relative, "--baseline", file, "--max-slowdown", "20%"]);
    expect(met).toMatchObject({ code: 0, stderr: "" });
    expect(met.stdout).toContain(`% faster than ${file};\n`);
    expect(met.stdout).toMatch(
      /\nBaseline {3}met: training 99\.\d % faster, .*\n {11}at most 20.0 % slower is allowed, relative to the textbook engine\n$/,
    );
    keep(0.001);
    const missed = await run([...relative, "--baseline", file]);
    expect(missed.code).toBe(5);
    expect(missed.stdout).toMatch(/\nBaseline {3}missed: training \d+.\d % slower, /);
    expect(missed.stderr).toMatch(
      /^error: training, .* % of the textbook engine's time: expected at most 10.0 % slower than the baseline's .* %, found .* % slower\n$/,
    );
    expect(await run([...FAST, "--baseline", file])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(
        /expected figures measured without --relative, found .* with --relative; use --relative here/,
      ),
    });
    writeFileSync(file, JSON.stringify({ ...kept, trainRatio: undefined, evaluateRatio: undefined })); // as without --relative
    expect(await run([...relative, "--baseline", file])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(
        /expected figures measured with --relative, found .* without --relative; save the baseline with/,
      ),
    });
  });

  it("keeps a baseline, and exits 5 if it has become slower than that, naming the figure", async () => {
    const folder = folderOf({ "not.json": "hello", "other.json": "{}" });
    const file = join(folder, "baseline.json");
    expect((await run([...FAST, "--save-baseline", file])).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["baseline.json", "not.json", "other.json"]);
    // Times of our own making, a thousand times longer and shorter: no noise makes up for that.
    const kept: BenchReport = JSON.parse(readFileSync(file, "utf8"));
    const keep = (factor: number) => {
      const [trainSeconds, evaluateSeconds] = [kept.trainSeconds, kept.evaluateSeconds].map((times) =>
        scaled(times, factor),
      );
      writeFileSync(file, JSON.stringify({ ...kept, trainSeconds, evaluateSeconds }));
    };
    keep(1000);
    const met = await run([...FAST, "--baseline", file, "--max-slowdown", "100%"]);
    expect(met.code).toBe(0);
    const [report]: BenchReport[] = parse(met.stdout);
    const slowdown = report.trainSeconds.median / (1000 * kept.trainSeconds.median) - 1;
    expect(report.baseline).toMatchObject({
      file,
      met: true,
      relative: false,
      maxSlowdown: 1,
      evaluation: { met: true },
    });
    expect(report.baseline?.training).toMatchObject({ slowdown: expect.closeTo(slowdown), met: true });
    keep(0.001);
    const { code, stdout, stderr } = await run([...FAST, "--baseline", file, "--max-slowdown", "100%"]);
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^error: training, .* ms per epoch: expected at most 100.0 % slower than the baseline's .* % slower\n$/,
    );
    expect(parse(stdout)).toHaveLength(1);
    expect(parse(stdout)[0].baseline).toMatchObject({ met: false, training: { met: false } });

    expect(await run([...FAST, "--save-baseline", join(folder, "other.json")])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/other.json: .* found a file of another kind; .* --force\n$/),
    });
    expect(await run([...FAST, "--validation", "2500", "--baseline", file])).toMatchObject({
      code: 2,
      stdout: "", // before anything is timed
      stderr: expect.stringMatching(/expected figures of 1500 training images, found figures of \d+ training images; /),
    });
    expect(await run([...FAST, "-b", "50", "--baseline", file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/expected figures for batchSize 50, found batchSize 100/),
    });
    const { trainSeconds, evaluateSeconds } = kept;
    const damaged = {
      zero: { ...kept, trainSeconds: { ...trainSeconds, median: 0 } },
      words: { ...kept, evaluateSeconds: { ...evaluateSeconds, upper: "soon" } },
      object: { ...kept, engine: { toString: 1 } },
    };
    for (const [name, report] of Object.entries(damaged)) {
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(report));
    }
    expect(await run([...FAST, "--baseline", join(folder, "object.json")])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/expected figures for engine fast, found engine {"toString":1}/),
    });
    for (const [name, message] of [
      ["not.json", /expected valid JSON, found /],
      ["other.json", /figures that --save-baseline kept, found other JSON/],
      ["zero.json", /expected a number above 0 for trainSeconds.median, found 0/],
      ["words.json", /expected a number for evaluateSeconds.upper, found soon/],
      ["none.json", /expected a file, found none/],
    ] as const) {
      expect(await run([...FAST, "--baseline", join(folder, name)])).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(message),
      });
    }
  });

  it("says which distortions it times, and compares only with a baseline of the same ones", async () => {
    const folder = folderOf({});
    const [file, old] = ["baseline.json", "old.json"].map((name) => join(folder, name));
    const plain = await run([...SMALL, "--save-baseline", file]);
    expect(plain.stdout).toMatch(/^bp-train \S+ {2}784,1,10, batch 100, fast/);
    const elastic = ["--augment", "elastic", "--augment-strength", "1.2"];
    const distorted = await run([...SMALL, ...elastic]);
    expect(distorted.stdout).toMatch(/^bp-train \S+ {2}784,1,10, batch 100, elastic distortions, strength 1.2, fast/);
    expect(await run([...FAST, ...elastic, "--baseline", file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/expected figures for augment elastic, found augment none/),
    });
    // A version without distortions kept this baseline.
    const { augment, augmentStrength, ...others } = JSON.parse(readFileSync(file, "utf8"));
    expect([augment, augmentStrength]).toEqual(["none", 1]);
    writeFileSync(old, JSON.stringify(others));
    const again = await run([...FAST, "--baseline", old, "--max-slowdown", "100%"]);
    expect(parse(again.stdout)[0]).toMatchObject({ augment: "none", baseline: { file: old } });
  });

  it.each([
    [["--max-slowdown", "10"], /Did you mean 10% or 0.1\?/],
    [["--max-slowdown", "x%"], /Expected a share/],
    [["--threads", "0"], /from 1 to 64, or "auto"/],
    [["--engine", "textbook", "--threads", "2"], /threads 2: expected 1 thread, all that the textbook engine has/],
    [["--epochs", "3"], /unknown option '--epochs'/],
    [["--save-baseline", ""], /Expected a path/],
    [["--save-baseline", "/tmp"], /\/tmp: expected a file .*, found a directory/],
    [["--save-baseline", "/dev/null"], /found a device or socket/],
    [["--max-slowdown", "10%"], /goes with --baseline/],
    [["--engine", "textbook", "--relative"], /--relative: expected an engine to compare .*, found --engine textbook/],
    [["extra"], /too many arguments/],
  ])("refuses %j", async (args, message) => {
    expect(await run(["bench", ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });

  it("says at once when the baseline cannot be kept", async () => {
    const { code, stdout, stderr } = await run(["bench", "--save-baseline", "/no/such/folder/file"]);
    expect([code, stdout, stderr]).toEqual([
      2,
      "",
      expect.stringMatching(/file: expected a file in a folder .* no such folder/),
    ]);
  });
});
