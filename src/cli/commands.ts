import type { Command } from "commander";
import type { FlagsOf } from "./flags.js";

/** What every command is given beside its flags. */
export interface Context {
  version: string;
  /** Fires when standard output takes no more. */
  output: AbortSignal;
}

/** A verb of the program. */
export interface Subcommand {
  about: string;
  /** Before its help. */
  examples?: string;
  /** Its arguments, and what each is. */
  takes?: Record<string, string>;
  /** Runs it; imports what it needs only then, so that --help loads little. */
  run(command: Command, context: Context): Promise<void>;
}

/** The verbs beside training; the options of each are in options.ts. */
export const SUBCOMMANDS = {
  evaluate: {
    about: "Tells how well a trained network does, class by class.",
    examples: `Examples:
  bp-train evaluate model.safetensors                  on the 10,000 test images
  bp-train evaluate model.json --on validation --worst 20
`,
    takes: { "<model>": "a file that --save kept" },
    async run(command, { version }) {
      const { runEvaluate } = await import("./evaluate-command.js");
      await runEvaluate(command.args[0], command.opts(), version);
    },
  },

  predict: {
    about: "Says which digits images show.",
    examples: `Examples:
  bp-train predict model.safetensors seven.png         a PNG image of any size, dark on light or light on dark
  bp-train predict model.json --index 0,7 --show       images of the test data, drawn
  bp-train predict model.json t10k-images-idx3-ubyte --top 3
  bp-train predict model.json - <seven.png --json | jq .class
`,
    takes: {
      "<model>": "a file that --save kept",
      "[images...]": "PNG or IDX files; - for a PNG image on standard input",
    },
    async run(command, context) {
      const { predictCommand } = await import("./predict-command.js");
      const [model, ...images] = command.args;
      await predictCommand(model, images, command.opts(), context);
    },
  },

  convert: {
    about: "Converts a model file to the format that <to> ends in.",
    examples: `Examples:
  bp-train convert model.json model.safetensors    from the book's network2.py to PyTorch's tools
  bp-train convert model.safetensors model.json    and back, if the book's program knows such networks
`,
    takes: { "<from>": "a model file", "<to>": "ends in .safetensors or .json" },
    async run(command) {
      const { runConvert } = await import("./convert-command.js");
      await runConvert(command.args[0], command.args[1], command.opts());
    },
  },

  info: {
    about: "Tells what a model file holds.",
    takes: { "<model>": "a model file, .safetensors or .json" },
    async run(command) {
      const { runInfo } = await import("./info-command.js");
      await runInfo(command.args[0], command.opts());
    },
  },

  check: {
    about: "Shows that the gradients are right, equation by equation.",
    examples: `Examples:
  bp-train check                                       the book's network: BP1 to BP4
  bp-train check --layers 784,20,20,10 --activation relu --cost cross-entropy --lambda 5
  bp-train check --break BP2                           what a wrong gradient looks like
`,
    async run(command) {
      const { checkCommand } = await import("./check-command.js");
      await checkCommand(command.opts());
    },
  },

  bench: {
    about: "Times training and evaluation, for people and for CI.",
    examples: `Examples:
  bp-train bench                                       the book's network
  bp-train bench --layers 784,800,10 --batch-size 100 --compare-engines
  bp-train bench --save-baseline fast.json             keep the figures ...
  bp-train bench --baseline fast.json                  ... and exit 5 if it has become slower
`,
    async run(command, context) {
      const flags: FlagsOf<"bench"> = command.opts();
      if (command.getOptionValueSource("maxSlowdown") === "cli" && flags.baseline === undefined) {
        command.error("option '--max-slowdown <share>' goes with --baseline");
      }
      const { benchCommand } = await import("./bench-command.js");
      await benchCommand(flags, context);
    },
  },

  presets: {
    about: "Lists the experiments that --preset repeats, and what they came to.",
    async run(command) {
      const { presetsCommand } = await import("./presets-command.js");
      presetsCommand(command.opts());
    },
  },
} satisfies Record<string, Subcommand>;
