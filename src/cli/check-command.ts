/** `bp-train check`: shows that the gradients are right, equation by equation. */
import { loadDataset } from "../data/dataset.js";
import { Network } from "../network/network.js";
import { Random } from "../network/random.js";
import { type Check, checkGradients } from "../training/gradient-check.js";
import { checkTraining } from "../training/settings.js";
import { libraryOptions, testedSimd, threadsOf } from "./flag-values.js";
import type { FlagsOf } from "./flags.js";
import { colors } from "./report/style.js";

export async function checkCommand(_: string[], flags: FlagsOf<"check">): Promise<void> {
  const { layers, activation, output, init, seed, validation, json, color } = flags;
  const fast = { ...flags, engine: "fast" } as const;
  const { threads } = threadsOf(fast);
  const simd = (await testedSimd(fast, (text) => process.stderr.write(`${text}\n`))) ?? undefined;
  const data = await loadDataset(flags.data, { validation });
  const options = { ...libraryOptions(flags), engine: "textbook" } as const; // the fast engine is checked last, by itself
  const settings = { ...checkTraining({ sizes: layers, activation, output }, data, options), threads, simd };
  const random = new Random(seed);
  const network = Network.random(layers, random, { activation, output, init });
  const { red, green, bold } = colors(process.stdout, color);
  for await (const check of checkGradients(network, data, { ...settings, random, broken: flags.break })) {
    if (!check.passed) process.exitCode = 1;
    const verdict = !check.passed ? red("FAILED") : check.largestError > 0 ? green("ok") : "ok, all are 0";
    const text = json ? JSON.stringify({ event: "check", ...check }) : line(check, bold, verdict);
    process.stdout.write(`${text}\n`);
  }
}

/** `BP2   hidden delta and dC/dz    150 numbers, off by 6.0e-8 at most, 1e-5 allowed   ok` */
function line(check: Check, bold: (text: string) => string, verdict: string): string {
  const { name, compared, numbers, kinks, largestError, tolerance } = check;
  const skipped = kinks > 0 ? `, ${kinks} more at a kink` : "";
  const error = `off by ${largestError.toExponential(1)} at most, ${tolerance.toExponential(0)} allowed${skipped}`;
  return `${bold(name.padEnd(5))} ${compared.padEnd(42)}${`${numbers}`.padStart(6)} numbers ${error}   ${verdict}`;
}
