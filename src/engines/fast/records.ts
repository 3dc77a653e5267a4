/** The fields of the kernel's records, in the order of assembly/layout.ts: 32-bit words, addresses in bytes. */
export const FIELDS = {
  rule: ["activation", "output", "cost", "l2", "l1", "momentum", "dropBelow", "keep", "dropFactor", "maxNorm"],
  thread: ["first", "layers", "rule", "values", "me", "threads", "barrier"],
  layer: [
    ...(["inputs", "units", "vectors", "rows", "panels", "fromPanel", "toPanel", "fromRow", "toRow"] as const),
    ...(["meetForward", "meetDelta", "weights", "biases", "activations", "deltas", "stride"] as const),
    ...(["weightTargets", "biasTargets", "swap"] as const),
  ],
  images: ["starts", "pairs", "labels", "order", "length"],
} as const;
export type Fields<Kind extends keyof typeof FIELDS> = Record<(typeof FIELDS)[Kind][number], number>;

/** A record, and where it lies. */
export interface Placed<Kind extends keyof typeof FIELDS> {
  at: number;
  fields: Fields<Kind>;
}
