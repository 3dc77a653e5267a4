import { loadDataset } from "../data/dataset.js";
import { Network } from "../network/network.js";
import { Random } from "../network/random.js";
import { type Check, checkGradients } from "../training/gradient-check.js";
import { checkTraining } from "../training/options.js";
import type { CheckFlags } from "./flags.js";
import { colors } from "./report/style.js";
import { modelOf, resolveThreads } from "./settings.js";

/** `bp-train check`: prints a line a comparison, and sets the exit code to 1 if one failed. */
export async function runCheck(flags: CheckFlags): Promise<void> {
  const { json, color, validation, seed, init } = flags;
  const data = await loadDataset(flags.data, { validation });
  const { threads } = resolveThreads({ ...flags, engine: "fast" });
  const model = modelOf(flags);
  const settings = checkTraining({ ...model, sizes: model.layers }, data, { ...model, threads });
  const random = new Random(seed);
  const network = Network.random(model.layers, random, { ...model, init });
  const { red, green, bold } = colors(process.stdout, color);
  for await (const check of checkGradients(network, data, { ...settings, random, broken: flags.break })) {
    if (!check.passed) process.exitCode = 1;
    const verdict = !check.passed ? red("FAILED") : check.largestError > 0 ? green("ok") : "ok, all are 0";
    process.stdout.write(
      json ? `${JSON.stringify({ event: "check", ...check })}\n` : `${line(check, bold, verdict)}\n`,
    );
  }
}

/** `BP2   hidden delta and dC/dz    150 numbers, off by 6.0e-8 at most, 1e-5 allowed   ok` */
function line(check: Check, bold: (text: string) => string, verdict: string): string {
  const { name, compared, numbers, kinks, largestError, tolerance } = check;
  const skipped = kinks > 0 ? `, ${kinks} more at a kink` : "";
  const error = `off by ${largestError.toExponential(1)} at most, ${tolerance.toExponential(0)} allowed${skipped}`;
  return `${bold(name.padEnd(5))} ${compared.padEnd(42)}${`${numbers}`.padStart(6)} numbers ${error}   ${verdict}`;
}
