/** What every command is given beside its arguments and flags. */
export interface Context {
  version: string;
  /** Fires when standard output takes no more. */
  output: AbortSignal;
}
