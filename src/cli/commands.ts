/** The commands beside training; flags.ts says which flags each of them takes. */
import type { Context } from "./context.js";

// biome-ignore lint/suspicious/noExplicitAny: each command knows the types of its own flags
type RunCommand = (args: string[], flags: any, context: Context) => void | Promise<void>;

export interface Subcommand {
  about: string;
  examples?: string;
  /** The arguments, each with its description. */
  takes?: Record<string, string>;
  /** Loads the command only when it runs, so that --help loads little. */
  load(): Promise<RunCommand>;
}

const MODEL = { "<model>": "a model file or checkpoint" };

export const SUBCOMMANDS = {
  evaluate: {
    about: "Evaluates a trained network, class by class.",
    examples: `Examples:
  bp-train evaluate model.safetensors                  on the 10,000 test images
  bp-train evaluate model.json --on validation --worst 20
`,
    takes: MODEL,
    load: async () => (await import("./evaluate-command.js")).evaluateCommand,
  },
  predict: {
    about: "Tells which digits images show.",
    examples: `Examples:
  bp-train predict model.safetensors seven.png         a PNG image of any size, dark on light or light on dark
  bp-train predict model.json --index 0,7 --show       images of the test data, drawn
  bp-train predict model.json t10k-images-idx3-ubyte --top 3
  bp-train predict model.json - <seven.png --json | jq .class
`,
    takes: { ...MODEL, "[images...]": "PNG or IDX files; - for a PNG image on standard input" },
    load: async () => (await import("./predict-command.js")).predictCommand,
  },
  convert: {
    about: "Converts a model file to the format that the name <to> ends in.",
    examples: `Examples:
  bp-train convert model.json model.safetensors    from the book's network2.py to PyTorch's tools
  bp-train convert model.safetensors model.json    and back, if the book's program knows such networks
`,
    takes: { "<from>": "a model file or checkpoint", "<to>": "a name that ends in .safetensors or .json" },
    load: async () => (await import("./convert-command.js")).convertCommand,
  },
  info: {
    about: "Tells what a model file or checkpoint holds.",
    takes: MODEL,
    load: async () => (await import("./info-command.js")).infoCommand,
  },
  check: {
    about: "Shows that the gradients are right, equation by equation.",
    examples: `Examples:
  bp-train check                                       the book's network: BP1 to BP4
  bp-train check --layers 784,20,20,10 --activation relu --cost cross-entropy --lambda 5
  bp-train check --break BP2                           what a wrong gradient looks like
`,
    load: async () => (await import("./check-command.js")).checkCommand,
  },
  bench: {
    about: "Times training and evaluation, for people and for CI.",
    examples: `Examples:
  bp-train bench                                       the book's network
  bp-train bench --layers 784,800,10 --batch-size 100 --compare-engines
  bp-train bench --relative --save-baseline fast.json  write the figures to a file ...
  bp-train bench --relative --baseline fast.json       ... and exit with code 5 if it has become slower
`,
    load: async () => (await import("./bench-command.js")).benchCommand,
  },
  augment: {
    about: "Shows how --augment distorts the training images.",
    examples: `Examples:
  bp-train augment --show                              an image, and each kind of distortion of it
  bp-train augment --index 0,7 --augment elastic --count 7 --show
  bp-train augment --augment affine --augment-strength 2 --json | jq .theta

In epochs 1, 2, ... a training run with the same --seed, --augment and
--augment-strength trains on exactly these images. Without --augment, or with
none, shifts, affine and elastic are shown one after the other.
`,
    load: async () => (await import("./augment-command.js")).augmentCommand,
  },
  presets: {
    about: "Lists the experiments that --preset repeats, and the accuracies that they reached.",
    load: async () => (await import("./presets-command.js")).presetsCommand,
  },
} satisfies Record<string, Subcommand>;

export type SubcommandName = keyof typeof SUBCOMMANDS;
