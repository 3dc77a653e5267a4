/** The parts that examples play in a run. */
export const PARTS = ["training", "validation", "test"] as const;
export type Part = (typeof PARTS)[number];
