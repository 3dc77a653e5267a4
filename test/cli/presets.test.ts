import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PRESETS } from "../../dist/cli/presets.js";
import { expectToRun } from "../fixtures/presets.js";
import { parse, run, small } from "../fixtures/run.js";

describe("bp-train presets", () => {
  it("lists each with its flags as they would be typed, and the figure", async () => {
    const { code, stdout } = await run(["presets"]);
    expect(code).toBe(0);
    for (const name of Object.keys(PRESETS)) expect(stdout).toMatch(new RegExp(`^${name}  `, "m"));
    expect(stdout).toContain(
      "bp-train --cost cross-entropy --eta 0.5 --epochs 400 --train-size 1000 --monitor training,test",
    );
    expect(stdout).toContain("82.27 % of the test images after the best epoch (the book, chapter 3)");
    expect(stdout).toContain("the book gives no figure");
    expect(stdout).toMatch(
      /^ {4}97\.\d\d % of test images \(mean of 5 seeds, worst 97\.\d\d %\), [\d.]+ s on two cores$/m,
    );
  });

  it("as NDJSON too", async () => {
    const presets = parse((await run(["presets", "--json"])).stdout);
    expect(presets.map(({ name }) => name)).toEqual(Object.keys(PRESETS));
    const figureOf = (preset: string) => presets.find(({ name }) => name === preset).figure;
    expect(figureOf("ch1-30")).toEqual({
      accuracy: 0.9542,
      on: "test",
      at: "best",
      source: "the book, chapter 1",
      measured: null,
    });
    expect(figureOf("ch1-no-hidden")).toBeNull();
    const measured = { worst: expect.any(Number), seeds: 5, seconds: expect.any(Number) };
    expect(figureOf("fast-98")).toMatchObject({
      on: "test",
      at: "last",
      source: "the README, mean of 5 seeds",
      measured,
    });
  });

  it("has the figures that the README's table of measured presets shows", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const row = /^\| `([\w-]+)` +\| (\d+) +\| ([\d.]+) % ± [\d.]+, worst ([\d.]+) % +\| ([\d.]+) s +\|$/gm;
    const shown = [...readme.matchAll(row)].map(([, name, ...figures]) => [name, ...figures.map(Number)]);
    const measured = Object.entries(PRESETS).flatMap(([name, { figure }]) => {
      if (!figure?.measured) return [];
      const { worst, seeds, seconds } = figure.measured;
      return [[name, seeds, Number((100 * figure.accuracy).toFixed(2)), Number((100 * worst).toFixed(2)), seconds]];
    });
    expect(shown).toEqual(measured);
    expect(measured.length).toBeGreaterThanOrEqual(3);
  });
});

describe("--preset", () => {
  // All of them in slow/presets.test.ts.
  it.each(["ch1-no-hidden", "ch3-regularised", "fast-98"])(
    "%s is a run that its flags allow, and ends with the figure",
    expectToRun,
  );

  it("gives way to what is given", async () => {
    const { stdout } = await run([
      "--preset",
      "ch3-init-scaled-30",
      "--eta",
      "0.25",
      "--json",
      "--epochs",
      "1",
      ...small(),
    ]);
    expect(parse(stdout)[0]).toMatchObject({ eta: 0.25, lambda: 5, init: "scaled", layers: [6, 4, 3] });
  });

  // Their own values would be refused beside a constant rate, shifts, and a rate below the preset's eta-min.
  it("leaves out what belongs to its schedule, its distortions or its learning rate if others are given", async () => {
    const given = ["--schedule", "constant", "--augment", "shifts", "--eta", "0.001"];
    const args = ["--preset", "best", ...given, ...small(), "--epochs", "1", "--json"];
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    const [start] = parse(stdout);
    expect(start).toMatchObject({ schedule: "constant", augment: "shifts", augmentStrength: 1, eta: 0.001 });
    expect(start).toMatchObject({ warmup: null, etaMin: null, activation: "relu" });
  });

  it("prints the book's figure beside its own", async () => {
    const { stdout } = await run(["--preset", "ch1-30", "--epochs", "1", "--train-size", "4", ...small()]);
    expect(stdout).toMatch(/^Preset {3}95.42 % in the book, chapter 1, \d+.\d\d % here \(test images, best epoch\)$/m);
  });

  it.each(["ch9", "", "__proto__", "toString"])("refuses %j", async (name) => {
    const { code, stderr } = await run(["--preset", name]);
    expect(code).toBe(2);
    expect(stderr).toContain("bp-train presets lists them");
  });
});
