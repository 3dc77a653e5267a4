/** What an output stream takes: colours, and lines that are drawn anew. */
import { Chalk, type ChalkInstance } from "chalk";

/**
 * The sixteen basic colours, if the stream takes them. (Chalk's own detection does not know NO_COLOR, nor that there are two streams.
 * Node's detection turns colours off in every terminal where CI is set.)
 */
export function colors(stream: NodeJS.WriteStream, allowed: boolean): ChalkInstance {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  const isWanted = FORCE_COLOR ? !["0", "false"].includes(FORCE_COLOR) : !NO_COLOR && TERM !== "dumb" && stream.isTTY;
  return new Chalk({ level: allowed && isWanted ? 1 : 0 });
}

/** Whether a line of the stream can be replaced by another one. */
export function canRedraw(stream: NodeJS.WriteStream): boolean {
  return Boolean(stream.isTTY) && process.env.TERM !== "dumb";
}

/** 256 colours, for shades of grey, if the terminal says that it has them; otherwise the basic colours. */
export function shades(stream: NodeJS.WriteStream, allowed: boolean): ChalkInstance {
  const { COLORTERM, FORCE_COLOR, TERM } = process.env;
  const has256 = COLORTERM || /256color/.test(TERM ?? "") || Number(FORCE_COLOR) >= 2;
  const chalk = colors(stream, allowed);
  return chalk.level > 0 && has256 ? new Chalk({ level: 2 }) : chalk;
}
