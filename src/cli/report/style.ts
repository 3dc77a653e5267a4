import type { WriteStream } from "node:tty";
import { Chalk, type ChalkInstance, type ColorSupportLevel } from "chalk";

/** Colours for one output stream; chalk's own detection knows neither NO_COLOR nor that there are two streams. */
export function colors(stream: NodeJS.WriteStream, allowed: boolean): ChalkInstance {
  return new Chalk({ level: allowed ? level(stream, process.env) : 0 });
}

function level(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): ColorSupportLevel {
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR) return FORCE_COLOR === "0" || FORCE_COLOR === "false" ? 0 : 1;
  if (NO_COLOR || TERM === "dumb" || !stream.isTTY) return 0;
  const depth = (stream as WriteStream).getColorDepth({ ...env, NO_COLOR: undefined }); // an empty one counts as none
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}
