/** The program: its commands, the one place where errors end, and the exit codes. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ENGINES } from "../engines/engines.js";
import { BpTrainError, ConfigurationError, DataError, DivergedError, escapeControls, GateError } from "../errors.js";
import { collectGarbage } from "./collect-garbage.js";
import { SUBCOMMANDS, type Subcommand, type SubcommandName } from "./commands.js";
import type { Context } from "./context.js";
import { optionsOf, type TrainFlags } from "./flags.js";

const EXIT = { done: 0, unexpected: 1, usage: 2, data: 3, diverged: 4, gate: 5 } as const;

const EXAMPLES = `Examples:
  bp-train                                  the book's network: about 95 %
  bp-train --preset ch3-cross-entropy-100   an experiment (bp-train presets)
  bp-train --epochs 3 --save net.json       fewer epochs, and a model file
  bp-train --json | jq .accuracy            one JSON object per line
`;

const NOTES = `
Exit codes:
  0 done   1 unexpected error or input/output   2 wrong usage
  3 data or model missing or invalid   4 diverged (NaN or infinity)
  5 a bound was missed   130 / 143 after SIGINT / SIGTERM: the first ends
  the run in good order, a second at once

Environment: BP_TRAIN_DATA as --data; NO_COLOR, FORCE_COLOR.`;

/** Runs the program on `argv`, and sets `process.exitCode`. */
export async function main(argv: string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (process.env.BP_TRAIN_DATA === "") delete process.env.BP_TRAIN_DATA; // an empty variable counts as not set
  const command = program({ version, output: watchOutput() });
  let isTraining = true;
  command.hook("preSubcommand", (_, subcommand) => {
    isTraining = false;
    for (const option of optionsOf(subcommand.name() as SubcommandName)) subcommand.addOption(option);
  });
  try {
    await command.parseAsync(argv);
  } catch (error) {
    process.exitCode = await report(error, argv, isTraining);
    if (error instanceof CommanderError) return; // no command has run
  }
  collectGarbage();
}

function program(context: Context): Command {
  const command = new Command("bp-train")
    .description("Trains a fully-connected network on MNIST by stochastic gradient descent and backpropagation.")
    .version(context.version)
    .helpOption("-h, --help", "show this help")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", NOTES)
    .configureHelp({ helpWidth: Math.min(100, process.stdout.columns || 100), minWidthToWrap: 20 })
    .configureOutput({ outputError: () => {} }) // `report` says it
    .enablePositionalOptions()
    .exitOverride();
  for (const option of optionsOf("train")) command.addOption(option);
  const names = Object.keys(SUBCOMMANDS) as SubcommandName[];
  command.allowExcessArguments().action(async () => {
    if (command.args.length > 0) {
      const expected = `expected options, or a command before them: ${names.join(", ")}`;
      command.error(`unexpected argument '${command.args[0]}': ${expected}`);
    }
    // The engine's first thread starts on another core while this thread loads the other modules and the data.
    await ENGINES[command.opts<TrainFlags>().engine].startAhead();
    const { trainCommand } = await import("./train-command.js"); // loaded here, so that --help loads little
    await trainCommand(command, context);
  });
  for (const name of names) addSubcommand(command, name, context);
  return command;
}

/** Adds a command, which no option of training may precede. */
function addSubcommand(program: Command, name: SubcommandName, context: Context): void {
  const { about, examples = "", takes = {}, load }: Subcommand = SUBCOMMANDS[name];
  const command = program.command(name).description(about).addHelpText("before", examples);
  for (const [argument, description] of Object.entries(takes)) command.argument(argument, description);
  command.allowExcessArguments(false).action(async () => {
    const misplaced = program.options.find((option) => program.getOptionValueSource(option.attributeName()) === "cli");
    if (misplaced) command.error(`option '${misplaced.flags}' belongs after '${name}'`);
    const run = await load();
    await run(command.args, command.opts(), context);
  });
}

/** Prints on standard error what went wrong. @returns the exit code */
async function report(error: unknown, argv: string[], isTraining: boolean): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done; // --help or --version
  const { colors } = await import("./report/style.js");
  const label = colors(process.stderr, !argv.includes("--no-color")).red("error:");
  if (error instanceof CommanderError) {
    const [complaint, suggestion = ""] = error.message.replace(/^error: /, "").split(/(?=\n\(Did you mean [^\n]*\)$)/);
    const message = escapeControls(complaint) + suggestion;
    process.stderr.write(`${label} ${message}\nbp-train --help shows all options.\n`);
    if (isTraining && argv.includes("--json")) {
      const { endAfter } = await import("./report/run-end.js");
      const end = { event: "end", ...endAfter([], "failed", null), error: message, settings: null };
      process.stdout.write(`${JSON.stringify(end)}\n`);
    }
    return EXIT.usage;
  }
  const trace = error instanceof Error ? error.stack : error;
  process.stderr.write(`${label} ${error instanceof BpTrainError ? error.message : trace}\n`);
  if (error instanceof ConfigurationError) return EXIT.usage;
  if (error instanceof DataError) return EXIT.data;
  if (error instanceof DivergedError) return EXIT.diverged;
  return error instanceof GateError ? EXIT.gate : EXIT.unexpected;
}

/**
 * A signal that fires when standard output takes no more. If its reader has gone (`| head -1`), the program ends quietly; if the
 * disk is full, it says so.
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
  process.stderr.on("error", () => {}); // nobody reads it any more
  return controller.signal;
}
