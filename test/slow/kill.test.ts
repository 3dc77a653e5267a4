import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { LONG_RUNS } from "../fixtures/long-runs.js";
import { run, start } from "../fixtures/mini-mnist.js";
import { finished, parse } from "../fixtures/run.js";

const folder = mkdtempSync(join(tmpdir(), "bp-train-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** How often each of the eight runs is killed: 104 times in all. */
const KILLS = 13;

/** When the run has said so, the checkpoint of its first epoch is written. */
function secondEpoch(child: ChildProcessWithoutNullStreams): Promise<void> {
  let epochs = 0;
  return new Promise((resolve) => {
    child.stdout.on("data", (text: string) => {
      epochs += text.split('"event":"epoch"').length - 1;
      if (epochs >= 2) resolve();
    });
  });
}

describe("a run that is killed", () => {
  it.concurrent.each(LONG_RUNS.map((flags, i) => ({ flags, i })))(
    "at any moment leaves a checkpoint that resumes: $flags",
    async ({ flags, i }) => {
      const whole = parse((await run(flags)).stdout).at(-1);
      const file = join(folder, `${i}.checkpoint`);
      const begin = () => (existsSync(file) ? ["--json", "--resume", file] : flags);
      let [kills, resumed, tries] = [0, 0, 0];
      while (kills < KILLS) {
        const child = start([...begin(), "--checkpoint", file]);
        const end = finished(child);
        let isOver = false;
        void end.then(() => {
          isOver = true;
        });
        const chance = (0.618 * (i + 8 * ++tries)) % 1; // evenly spread
        const isInTraining = tries % 3 > 0; // else at any time from the process's start
        if (isInTraining) await Promise.race([end, secondEpoch(child)]);
        await setTimeout((isInTraining ? 150 : 400) * chance);
        if (isOver) {
          expect(parse((await end).stdout).at(-1)).toMatchObject({
            status: "done",
            weightsSha256: whole.weightsSha256,
          });
          rmSync(file); // from the beginning
          continue;
        }
        child.kill("SIGKILL");
        await end;
        kills++;
        if (existsSync(file)) resumed++;
      }
      const last = await run([...begin(), "--checkpoint", file]);
      expect(last.code).toBe(0);
      expect(parse(last.stdout).at(-1)).toMatchObject({
        status: "done",
        weightsSha256: whole.weightsSha256,
        epochs: whole.epochs,
      });
      expect(resumed).toBeGreaterThan(2);
      expect(readdirSync(folder).filter((name) => name.startsWith(`${i}.`))).toEqual([`${i}.checkpoint`]); // no lock, no part
    },
    300_000,
  );
});
