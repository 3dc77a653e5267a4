/** `bp-train evaluate`. */

import { join } from "node:path";
import { Chalk } from "chalk";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluationLines } from "../../dist/cli/report/evaluation-report.js";
import { loadDataset, Network } from "../../dist/index.js";
import { writeCheckpoint } from "../../dist/model/checkpoint.js";
import { assess } from "../../dist/training/assessment.js";
import type { Evaluation } from "../../dist/training/evaluation.js";
import { smallCheckpoint } from "../fixtures/checkpoints.js";
import { datasetOf, randomExamples } from "../fixtures/examples.js";
import { folderOf, tinySet } from "../fixtures/idx.js";
import { run } from "../fixtures/mini-mnist.js";
import { bookJson, quickNetwork } from "../fixtures/model.js";
import { parse, run as runOnMnist } from "../fixtures/run.js";

let book: string;
beforeAll(async () => {
  book = bookJson(await quickNetwork(await loadDataset()));
});
const model = (json = book) => join(folderOf({ "model.json": json }), "model.json");
/** A model for `tinySet`, whose answer is always 1: right for the 2nd and 4th test image. */
function always1(): string {
  const network = new Network([6, 3]);
  network.biases[0].set([-1, 2, -3]);
  return bookJson(network, "QuadraticCost");
}

describe("evaluate", () => {
  it("tells accuracy, cost, scores, confusion and the worst mistakes", async () => {
    const { code, stdout, stderr } = await runOnMnist(["evaluate", model()]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Accuracy {2}9\d\.\d\d % {3}9\d\d\d \/ 10000$/m);
    expect(stdout).toMatch(/^Cost +0\.\d+ {3}mean cross-entropy$/m);
    expect(stdout).toMatch(/^ {4}9( +0\.\d{4}){3} +1009$/m);
    expect(stdout).toMatch(/^ {4}0( +(\d+|·)){10}$/m);
    expect(stdout.slice(stdout.indexOf("Worst")).trimEnd().split("\n")).toHaveLength(12);
    expect(stdout).not.toMatch(/\u001b/);
  });

  it("as JSON is one object that adds up", async () => {
    const { code, stdout } = await runOnMnist(["evaluate", model(), "--json", "--worst", "3"]);
    expect(code).toBe(0);
    const [report, ...more] = parse(stdout);
    expect(more).toEqual([]);
    expect(report).toMatchObject({ event: "evaluate", layers: [784, 30, 10], on: "test", total: 10_000 });
    const diagonal = report.confusion.map((row: number[], i: number) => row[i]);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(diagonal)).toBe(report.correct);
    expect(sum(report.confusion.flat())).toBe(10_000);
    expect(report.accuracy).toBe(report.correct / 10_000);
    expect(report.classes.map((c: { recall: number }) => c.recall)).toEqual(
      report.confusion.map((row: number[], i: number) => row[i] / sum(row)),
    );
    expect(report.worst).toHaveLength(3);
    expect(report.worst[0]).toEqual({
      index: expect.any(Number),
      label: expect.any(Number),
      answer: expect.any(Number),
      cost: expect.any(Number),
      activation: expect.any(Number),
    });
  });

  it.each([
    ["test", [], 4],
    ["validation", ["--validation", "2"], 2],
    ["training", ["--validation", "2", "--train-size", "3"], 3],
  ])("answers the %s data", async (on, flags, total) => {
    const { stdout } = await run([
      "evaluate",
      model(always1()),
      "--data",
      folderOf(tinySet()),
      "--on",
      on,
      "--json",
      ...flags,
    ]);
    expect(parse(stdout)).toMatchObject([{ on, total }]);
  });

  it("writes - and null where a score is undefined", async () => {
    const args = ["evaluate", model(always1()), "--data", folderOf(tinySet())];
    const { stdout } = await run(args);
    // 4 test images, 2 of class 1 and one each of 0 and 2, all answered 1; a = sigma(b) whatever the image
    expect(stdout).toMatch(/^Accuracy {2}50\.00 % {3}2 \/ 4$/m);
    expect(stdout).toMatch(/^ {4}0 +- {2}0\.0000 {2}0\.0000 +1$/m);
    expect(stdout).toMatch(/^ {4}1 +0\.5000 {2}1\.0000 {2}0\.6667 +2$/m);
    const [{ classes, cost, worst }] = parse((await run([...args, "--json"])).stdout);
    expect(classes[0]).toEqual({ class: 0, examples: 1, answers: 0, precision: null, recall: 0, f1: 0 });
    const a = [-1, 2, -3].map((z) => 1 / (1 + Math.exp(-z)));
    const costOf = (label: number) => a.reduce((sum, a, j) => sum + (a - Number(j === label)) ** 2, 0) / 2;
    expect(cost).toBeCloseTo((2 * costOf(1) + costOf(0) + costOf(2)) / 4, 14);
    expect(worst.map(({ label }: { label: number }) => label)).toEqual([2, 0]);
  });

  it("evaluates the current weights of a checkpoint, and says so where those of its best epoch differ", async () => {
    const file = join(folderOf({}), "run.checkpoint");
    const network = new Network([6, 3]);
    network.biases[0].set([-1, 2, -3]); // the answer is always 1
    const other = new Network([6, 3]);
    const { state, ...small } = smallCheckpoint();
    const answers = Uint32Array.of(1, 2, 3);
    const epochs = state.finished.map((epoch) => {
      const validation = { ...epoch.monitored.validation, answers } as Evaluation;
      return { ...epoch, answers, monitored: { validation } };
    });
    const evaluate = async (best: Network | null, finished = epochs) => {
      const run = { ...state, finished, parameters: network, velocities: null, best };
      await writeCheckpoint(file, { ...small, network, state: run });
      return await runOnMnist(["evaluate", file, "--data", folderOf(tinySet()), "--json"]);
    };
    const differing = await evaluate(other);
    expect(parse(differing.stdout)).toMatchObject([{ correct: 2, total: 4 }]);
    expect(differing).toMatchObject({
      code: 0,
      stderr: `Note: ${file} also holds the weights of its best epoch, 1; its current weights are evaluated here\n`,
    });
    for (const [best, finished] of [
      [network, epochs],
      [null, epochs],
      [other, []], // before the first epoch has ended
    ] as const) {
      const { stdout, stderr } = await evaluate(best, [...finished]);
      expect(parse(stdout)).toMatchObject([{ correct: 2, total: 4 }]);
      expect(stderr).toBe("");
    }
  });

  it("colours the matrix where colours are on", async () => {
    const env = { FORCE_COLOR: "1" };
    const args = ["evaluate", model(always1()), "--data", folderOf(tinySet())];
    expect((await run(args, { env })).stdout).toMatch(/\u001b\[32m +2\u001b\[39m/);
    expect((await run([...args, "--no-color"], { env })).stdout).not.toMatch(/\u001b/);
  });

  it("fits a narrow terminal, whatever the number of classes", async () => {
    for (const classes of [3, 10, 27]) {
      const network = Network.random([12, classes]);
      const data = datasetOf(randomExamples(3000, 3, 4, classes));
      const { mistakes, ...assessment } = await assess(network, data, "test", "cross-entropy");
      const where = { version: "1.2.3", model: "model.json", network, costName: "cross-entropy", on: "test" } as const;
      const report = { ...where, ...assessment, worst: mistakes.slice(0, 10) };
      const lines = evaluationLines(report, 40, new Chalk({ level: 0 }));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
      const numbers = lines
        .slice(lines.findIndex((line) => line.startsWith("Confusion")) + 1)
        .join("\n")
        .split("\n\n")[0];
      const rows = numbers.split("\n").map((line) => line.trim().split(/ +/));
      for (let label = 0; label < classes; label++) {
        const row = rows.filter((_, i) => i % (classes + 1) === label + 1).flatMap(([, ...cells]) => cells);
        expect(row).toEqual(Array.from(assessment.confusion[label], (n) => (n === 0 ? "·" : `${n}`)));
      }
    }
  });

  it.each<[string[], number, RegExp]>([
    [["evaluate"], 2, /missing required argument 'model'/],
    [["evaluate", "MODEL", "more"], 2, /too many arguments/],
    [["evaluate", "MODEL", "--on", "all"], 2, /Allowed choices are training, validation, test/],
    [
      ["evaluate", "MODEL", "--on", "validation", "--validation", "0"],
      2,
      /validation data: expected at least one image/,
    ],
    [["--epochs", "3", "evaluate", "MODEL"], 2, /option '-e, --epochs <n>' belongs after 'evaluate'/],
    [
      ["evaluate", "TINY", "--validation", "0"],
      2,
      /layers 6,3: expected 784 input neurons for images of 28x28, found 6/,
    ],
    [["evaluate", "/no/such/model.json"], 3, /\/no\/such\/model.json: expected .*/],
    [["evaluate", "MODEL", "--data", "/no/such/folder"], 3, /\/no\/such\/folder: expected a folder/],
  ])("%j exits %i", async (args, code, message) => {
    const tiny = model(always1());
    const named = args.map((arg) => (arg === "MODEL" ? model() : arg === "TINY" ? tiny : arg));
    const result = await run([...named, "--json"]);
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
    expect(result.stderr).not.toMatch(/\n {4}at /);
  });

  it("that is refused says so alike with and without --json", async () => {
    const args = ["evaluate", model(always1()), "--data", "/no/such/folder"];
    expect(await run(args)).toEqual(await run([...args, "--json"]));
  });
});
