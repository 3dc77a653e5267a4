import { describe, it } from "vitest";
import { PRESETS } from "../../dist/cli/presets.js";
import { expectToRun } from "../fixtures/presets.js";

describe("--preset", () => {
  it.each(Object.keys(PRESETS))("%s is a run that its flags allow, and ends with the figure", expectToRun);
});
