import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { BpTrainError, ConfigurationError, DataError, DivergedError, GateError, printable } from "../errors.js";
import {
  type BenchFlags,
  benchOptions,
  type EvaluateFlags,
  evaluateOptions,
  type PredictFlags,
  predictOptions,
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

const EVALUATE_EXAMPLES = `Examples:
  bp-train evaluate model.safetensors                  on the 10,000 test images
  bp-train evaluate model.json --on validation --worst 20
`;

const PREDICT_EXAMPLES = `Examples:
  bp-train predict model.safetensors seven.png         a PNG image of any size, dark on light or light on dark
  bp-train predict model.json --index 0,7 --show       images of the test data, drawn
  bp-train predict model.json t10k-images-idx3-ubyte --top 3
  bp-train predict model.json - <seven.png --json | jq .class
`;

const NOTES = `
Exit codes:
  0 done   1 unexpected error or input/output   2 wrong usage   3 data missing or invalid
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
    refuseMisplaced("bench");
    if (bench.getOptionValueSource("maxSlowdown") === "cli" && flags.baseline === undefined) {
      bench.error("option '--max-slowdown <share>' goes with --baseline");
    }
    const { runBench } = await import("./bench.js");
    await runBench(flags, version, output);
  });
  const evaluate = command.command("evaluate").argument("<model>", "a file that --save kept");
  evaluate
    .description("Tells how well a trained network does, class by class.")
    .addHelpText("before", EVALUATE_EXAMPLES);
  for (const option of evaluateOptions()) evaluate.addOption(option);
  evaluate.allowExcessArguments(false).action(async (model: string, flags: EvaluateFlags) => {
    refuseMisplaced("evaluate");
    const { runEvaluate } = await import("./evaluate.js");
    await runEvaluate(model, flags, version);
  });
  const predict = command.command("predict").argument("<model>", "a file that --save kept");
  predict.argument("[images...]", "PNG or IDX files; - for a PNG image on standard input");
  predict.description("Says what images show.").addHelpText("before", PREDICT_EXAMPLES);
  for (const option of predictOptions()) predict.addOption(option);
  predict.action(async (model: string, images: string[], flags: PredictFlags) => {
    refuseMisplaced("predict");
    const { runPredict } = await import("./predict.js");
    await runPredict(model, images, flags, output);
  });
  const refuseMisplaced = (name: string) => {
    const misplaced = command.options.find((option) => command.getOptionValueSource(option.attributeName()) === "cli");
    if (misplaced) command.error(`option '${misplaced.flags}' belongs behind '${name}'`);
  };
  return command;
}

/** Those whose --json has no `end` object. */
const SUBCOMMANDS = ["bench", "evaluate", "predict"];

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
    if (argv.includes("--json") && !SUBCOMMANDS.some((name) => argv.includes(name)))
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
