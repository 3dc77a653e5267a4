import { describe, expect, it } from "vitest";
import { run } from "../fixtures/mini-mnist.js";
import { parse } from "../fixtures/run.js";

const check = (...args: string[]) => run(["check", "--validation", "1000", ...args]);

describe("bp-train check", () => {
  it.each([
    [[]],
    [["--layers", "784,10"]],
    [["--layers", "784,10", "--output", "softmax", "--cost", "log-likelihood", "--l1", "3"]],
    [["--layers", "784,1,10", "--activation", "relu"]],
    [
      [
        "--layers",
        "784,7,5,3,11",
        "--activation",
        "tanh",
        "--cost",
        "cross-entropy",
        "--lambda",
        "5",
        "--momentum",
        "0.9",
      ],
    ],
    [
      [
        "--layers",
        "784,5,10",
        "--dropout",
        "0.5",
        "--activation",
        "relu",
        "--output",
        "softmax",
        "--cost",
        "log-likelihood",
        "--init",
        "he",
      ],
    ],
    [
      [
        "--layers",
        "784,5,10",
        "--activation",
        "relu",
        "--init",
        "he",
        "--l1",
        "5",
        "--max-norm",
        "2",
        "--batch-size",
        "3",
        "--threads",
        "2",
      ],
    ],
    [
      [
        "--layers",
        "784,5,10",
        "--activation",
        "tanh",
        "--init",
        "xavier",
        "--dropout",
        "0.2",
        "--batch-size",
        "1",
        "--eta",
        "1e-9",
      ],
    ],
  ])("passes for %j", async (args) => {
    const { code, stdout } = await check("--json", ...args);
    const checks = parse(stdout);
    const names = checks.map(({ name }) => name);
    const all = ["BP1", "BP2", "BP3", "BP4", "step", "fast"];
    expect(names).toEqual(args.includes("784,10") ? all.filter((name) => name !== "BP2") : all);
    for (const { numbers, kinks, largestError, tolerance, passed } of checks) {
      expect(numbers).toBeGreaterThan(4);
      expect(kinks).toBeLessThan(numbers / 10);
      expect(largestError).toBeGreaterThan(0); // of numbers that were worked out twice, and differently
      expect(largestError).toBeLessThanOrEqual(tolerance);
      expect(passed).toBe(true);
    }
    expect(code).toBe(0);
  });

  it.each(["BP1", "BP2", "BP3", "BP4", "step", "fast"])("notices a spoiled %s, and exits 1", async (name) => {
    const { code, stdout } = await check("--layers", "784,5,10", "--break", name);
    expect(code).toBe(1);
    const failed = stdout.split("\n").filter((line) => line.includes("FAILED"));
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatch(new RegExp(`^${name} .*numbers off by 9.9e-3 at most`));
  });

  it.each(["BP2", "BP4", "step", "fast"])("notices a spoiled %s although all gradients are 0", async (name) => {
    const dead = ["--layers", "784,1,1,10", "--activation", "relu", "--init", "he", "--seed", "6"];
    expect((await check(...dead, "--break", name)).code).toBe(1);
  });

  it.each([
    [["--layers", "784,10", "--break", "BP2"], /break BP2: expected a hidden layer, found layers 784,10/],
    [["--layers", "100,10"], /expected 784 input neurons/],
    [["--cost", "log-likelihood"], /cost log-likelihood: expected output softmax, found output sigmoid/],
    [["--engine", "fast"], /unknown option '--engine'/],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await check(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
