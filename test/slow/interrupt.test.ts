import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { expectToGoOn, LONG_RUNS } from "../fixtures/long-runs.js";

const folder = mkdtempSync(join(tmpdir(), "bp-train-interrupt-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a run that is interrupted", () => {
  it.each(LONG_RUNS.map((flags, i) => ({ flags, i })))("goes on to the same bits: $flags", ({ flags, i }) =>
    expectToGoOn(flags, join(folder, `${i}.checkpoint`)),
  );
});
