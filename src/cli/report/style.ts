import { Chalk, type ChalkInstance, type ColorSupportLevel } from "chalk";

/**
 * The sixteen basic colours for one output stream. Chalk's own detection knows neither NO_COLOR nor that there are two streams, and
 * Node's turns colours off in a terminal wherever CI is set.
 */
export function colors(stream: NodeJS.WriteStream, allowed: boolean): ChalkInstance {
  return new Chalk({ level: allowed ? level(stream, process.env) : 0 });
}

function level(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): ColorSupportLevel {
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR) return FORCE_COLOR === "0" || FORCE_COLOR === "false" ? 0 : 1;
  return NO_COLOR || TERM === "dumb" || !stream.isTTY ? 0 : 1;
}
