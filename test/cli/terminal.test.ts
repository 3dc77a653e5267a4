import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { MINI } from "../fixtures/mini-mnist.js";
import { BIN, ENV } from "../fixtures/run.js";

/**
 * Runs a shell command in a pseudo-terminal of so many columns. If the command has `read`, Enter is pressed as soon as there is a progress
 * bar, or the status line of bench. Gives the command's exit code and all that the terminal got.
 */
async function inTerminal(columns: number, command: string, env: NodeJS.ProcessEnv = {}) {
  const shell = `stty cols ${columns} rows 24; ${command.replaceAll("bp-train", `'${process.execPath}' '${BIN}'`)}`;
  const all = { ...ENV, BP_TRAIN_DATA: MINI, TERM: "xterm-256color", ...env };
  const child = spawn("script", ["-qefc", shell, "/dev/null"], { env: all });
  let screen = "";
  let isWaiting = command.includes("read");
  child.stdout.setEncoding("utf8").on("data", (text) => {
    screen += text;
    if (!isWaiting || (drawings(screen).length === 0 && !STATUS.test(screen))) return;
    isWaiting = false;
    child.stdin.write("\n");
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, screen };
}

const STATUS = /\rTiming the (fast|textbook) engine: epoch \d+, \d+\.\d s\u001b\[K/;

/** The bar's successive drawings, without escapes. */
const drawings = (screen: string) =>
  screen
    .split(/\r|\u001b\[1G/)
    .map((text) => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, ""))
    .filter((text) => /\/s .* left$/.test(text));

describe("a terminal", () => {
  it("shows a bar with epoch, percentage, examples a second and time left", async () => {
    const { code, screen } = await inTerminal(80, "bp-train --epochs 2 --train-size 20000", { BP_TRAIN_DATA: "" }); // all of MNIST
    expect(code).toBe(0);
    const bars = drawings(screen);
    expect(bars.length).toBeGreaterThan(2);
    // Hours may seem to be left, if it is drawn when the engine has started and ten examples are done.
    for (const bar of bars) expect(bar).toMatch(/^Epoch [12]\/2 [█░]{30} +\d+ % [\d.]+[KM]?\/s \d+(:\d\d)+ left$/);
    expect(screen).toMatch(/Epoch 2\/2 .* s\r\n/);
  });

  it("of 80 columns is not too narrow for the help", async () => {
    const { screen } = await inTerminal(80, "bp-train --help");
    for (const line of screen.split("\r\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(screen).toMatch(/^Environment: /m);
  });

  it("of 40 columns does not wrap the bar", async () => {
    const { screen } = await inTerminal(40, "bp-train --validation 1000 --epochs 30");
    const bars = drawings(screen);
    expect(bars.length).toBeGreaterThan(2);
    for (const bar of bars) expect(bar.length).toBeLessThan(40);
  });

  it("is left as it was: no mode is changed, whatever ends the run", async () => {
    const ends = ["true", "kill -INT $!", "kill -TERM $!", "kill -KILL $!"];
    for (const end of ends) {
      const epochs = end === "true" ? 2 : 10_000;
      const { screen } = await inTerminal(
        80,
        `bp-train --validation 1000 --epochs ${epochs} & read -r _; ${end}; wait $!`,
      );
      expect(drawings(screen).length).toBeGreaterThan(0);
      expect(screen).not.toMatch(/\u001b\[\?|\u001b[78]/); // no cursor hidden or saved, no wrap turned off
    }
  });

  it("gets colour, unless it must not", async () => {
    const color = /\u001b\[1m/;
    const tiny = "bp-train --validation 1000 --epochs 1 --train-size 100";
    expect((await inTerminal(80, tiny)).screen).toMatch(color);
    expect((await inTerminal(80, `${tiny} --no-color`)).screen).not.toMatch(color);
    expect((await inTerminal(80, tiny, { NO_COLOR: "1" })).screen).not.toMatch(color);
    expect((await inTerminal(80, tiny, { TERM: "dumb" })).screen).not.toMatch(color);
    expect((await inTerminal(80, tiny, { NO_COLOR: "" })).screen).toMatch(color);
    expect((await inTerminal(80, tiny, { CI: "true" })).screen).toMatch(color);
    expect((await inTerminal(80, `${tiny} --no-progress >/dev/null`)).screen).toBe("");
  });

  it("shows no bar with --no-progress or --quiet", async () => {
    for (const flag of ["--no-progress", "--quiet"]) {
      const { screen } = await inTerminal(80, `bp-train --validation 1000 --epochs 20 ${flag}`);
      expect(drawings(screen)).toEqual([]);
    }
  });
});

describe("a terminal of bench", () => {
  const bench = "bp-train bench --layers 784,1,10 --validation 1000";

  it("shows what is being measured, and clears that line before the figures", async () => {
    const { code, screen } = await inTerminal(80, `${bench} --no-color`);
    expect(code).toBe(0);
    expect(screen).toMatch(/^\rReading the data\u001b\[K/);
    expect(screen).toMatch(STATUS);
    const [progress, figures] = screen.split(/(?=bp-train \d)/);
    expect(progress).toMatch(/\r\u001b\[K$/);
    expect(figures).not.toMatch(/\u001b/);
  });

  it("shows no line with --no-progress, or where it could not be cleared", async () => {
    for (const [command, env] of [
      [`${bench} --no-progress`, {}],
      [bench, { TERM: "dumb" }],
    ] as const) {
      expect((await inTerminal(80, `${command} --no-color`, env)).screen).toMatch(/^bp-train \d/);
    }
  });

  it("is cleared when bench is interrupted", async () => {
    const slow = `${bench.replace("784,1,10", "784,30,10")} --engine textbook`;
    const { code, screen } = await inTerminal(80, `${slow} & read -r _; kill -INT $!; wait $!`);
    expect(code).toBe(130);
    expect(screen).toMatch(/\r\u001b\[KSIGINT: stopping; half a benchmark gives no figures\r\n(.*\r\u001b\[K)?$/);
  });
});

describe("a pipe or a file", () => {
  it("gets colour when FORCE_COLOR says so", async () => {
    const env = { ...ENV, BP_TRAIN_DATA: MINI, FORCE_COLOR: "1" };
    const args = [BIN, "--validation", "1000", "--epochs", "1", "--train-size", "100"];
    expect((await promisify(execFile)(process.execPath, args, { env })).stdout).toMatch(/\u001b\[1m/);
    expect((await promisify(execFile)(process.execPath, [...args, "--no-color"], { env })).stdout).not.toMatch(
      /\u001b/,
    );
  });

  it("that is full ends the run with exit code 1 and says why", async () => {
    const { code, screen } = await inTerminal(80, "bp-train --validation 1000 --epochs 10000 --no-progress >/dev/full");
    expect(code).toBe(1);
    expect(screen).toMatch(/^error: standard output: .*ENOSPC/);
  });
});
