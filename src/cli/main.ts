import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { BpTrainError, ConfigurationError, DataError, DivergedError, GateError, printable } from "../errors.js";
import {
  type BenchFlags,
  benchOptions,
  type ConvertFlags,
  convertOptions,
  type InfoFlags,
  infoOptions,
  type TrainFlags,
  trainOptions,
} from "./options.js";
import { endLine } from "./report/ndjson.js";
import { endOfRun } from "./report/run-end.js";

/** What the program's exit code says. */
const EXIT = { done: 0, unexpected: 1, usage: 2, data: 3, diverged: 4, gate: 5 } as const;

const EXAMPLES = `Examples:
  bp-train                                    the book's network: about 95 % of the test digits
  bp-train --layers 784,100,10 --epochs 10    more hidden neurons, fewer epochs
  bp-train --json | jq .accuracy              one JSON object a line, for programs
`;

const BENCH_EXAMPLES = `Examples:
  bp-train bench                                       the book's network
  bp-train bench --layers 784,800,10 --batch-size 100 --compare-engines
  bp-train bench --save-baseline fast.json             keep the figures ...
  bp-train bench --baseline fast.json                  ... and exit 5 if it has become slower
`;

const CONVERT_EXAMPLES = `Examples:
  bp-train convert model.json model.safetensors    from the form of the book's network2.py to PyTorch's world
  bp-train convert model.safetensors model.json    and back, if the book's program knows such networks
`;

const NOTES = `
Exit codes:
  0 done   1 unexpected error or input/output   2 wrong usage   3 data or model missing or invalid
  4 diverged (NaN or infinity)   5 a bound was missed   130 / 143 after SIGINT / SIGTERM: the
  first ends the run in good order, a second at once

Environment: BP_TRAIN_DATA as --data; NO_COLOR, FORCE_COLOR.`;

/** Runs the program on `argv`, and sets `process.exitCode`: the one place where errors end. */
export async function main(argv: string[]): Promise<void> {
  const output = watchOutput();
  if (process.env.BP_TRAIN_DATA === "") delete process.env.BP_TRAIN_DATA; // set to nothing is not set
  try {
    await program(output).parseAsync(argv);
  } catch (error) {
    process.exitCode = await report(error, argv);
  }
}

function program(output: AbortSignal): Command {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const command = new Command("bp-train")
    .description("Trains a fully-connected network on MNIST by stochastic gradient descent and backpropagation.")
    .version(version)
    .helpOption("-h, --help", "show this help")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", NOTES)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ outputError: () => {} }) // `report` says it
    .enablePositionalOptions()
    .exitOverride();
  for (const option of trainOptions()) command.addOption(option);
  command.allowExcessArguments().action(async (flags: TrainFlags) => {
    if (command.args.length > 0)
      command.error(`unexpected argument '${command.args[0]}': everything is said by options`);
    const { runTraining } = await import("./train.js"); // here, so that --help need not load it
    await runTraining(flags, version, output);
  });
  const bench = command.command("bench").description("Times training and evaluation, for people and for CI.");
  bench.addHelpText("before", BENCH_EXAMPLES);
  for (const option of benchOptions()) bench.addOption(option);
  bench.allowExcessArguments(false).action(async (flags: BenchFlags) => {
    refuseMisplaced(command, "bench");
    if (bench.getOptionValueSource("maxSlowdown") === "cli" && flags.baseline === undefined) {
      bench.error("option '--max-slowdown <share>' goes with --baseline");
    }
    const { runBench } = await import("./bench.js");
    await runBench(flags, version, output);
  });
  addModelCommands(command);
  return command;
}

function addModelCommands(command: Command): void {
  const convert = command.command("convert").description("Converts a model file to the form that <to> ends in.");
  convert.addHelpText("before", CONVERT_EXAMPLES);
  convert.argument("<from>", "a model file").argument("<to>", "ends in .safetensors or .json");
  for (const option of convertOptions()) convert.addOption(option);
  convert.allowExcessArguments(false).action(async (from: string, to: string, flags: ConvertFlags) => {
    refuseMisplaced(command, "convert");
    const { runConvert } = await import("./convert.js");
    await runConvert(from, to, flags);
  });
  const info = command.command("info").description("Tells what a model file holds.");
  info.argument("<model>", "a model file, .safetensors or .json");
  for (const option of infoOptions()) info.addOption(option);
  info.allowExcessArguments(false).action(async (path: string, flags: InfoFlags) => {
    refuseMisplaced(command, "info");
    const { runInfo } = await import("./info.js");
    await runInfo(path, flags);
  });
}

/** Options of training that stand before the name of another command would do nothing. */
function refuseMisplaced(command: Command, name: string): void {
  const misplaced = command.options.find((option) => command.getOptionValueSource(option.attributeName()) === "cli");
  if (misplaced) command.error(`option '${misplaced.flags}' belongs behind '${name}'`);
}

/** The commands whose JSON has no `end` object. */
const OTHER_COMMANDS = ["bench", "convert", "info"];

/** Says on standard error what went wrong, and gives the exit code for it. */
async function report(error: unknown, argv: string[]): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done; // --help or --version
  const { colors } = await import("./report/style.js");
  const { red } = colors(process.stderr, !argv.includes("--no-color"));
  const label = red("error:");
  if (error instanceof CommanderError) {
    const [complaint, suggestion = ""] = error.message.replace(/^error: /, "").split(/(?=\n\(Did you mean [^\n]*\)$)/);
    const message = printable(complaint) + suggestion;
    process.stderr.write(`${label} ${message}\nbp-train --help shows all options.\n`);
    if (argv.includes("--json") && !OTHER_COMMANDS.some((name) => argv.includes(name)))
      process.stdout.write(`${endLine({ ...endOfRun("failed", [], null), error: message })}\n`);
    return EXIT.usage;
  }
  if (error instanceof BpTrainError) {
    process.stderr.write(`${label} ${error.message}\n`);
    if (error instanceof ConfigurationError) return EXIT.usage;
    if (error instanceof DataError) return EXIT.data;
    if (error instanceof DivergedError) return EXIT.diverged;
    if (error instanceof GateError) return EXIT.gate;
  } else {
    process.stderr.write(`${label} ${error instanceof Error ? error.stack : error}\n`);
  }
  return EXIT.unexpected;
}

/**
 * A signal that fires when standard output takes no more. Where its reader has gone (`| head -1`), the program ends quietly;
 * where it is a full disk, it says so.
 */
function watchOutput(): AbortSignal {
  const controller = new AbortController();
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (controller.signal.aborted) return;
    controller.abort(error);
    if (error.code === "EPIPE") return;
    process.stderr.write(`error: standard output: ${error.message}\n`);
    process.exitCode = EXIT.unexpected;
  });
  process.stderr.on("error", () => {}); // nobody reads it any more: nothing to tell, and nobody to tell it to
  return controller.signal;
}
