/** The parts that examples play in a run, and how the training images are divided. */
import { setting, wholeNumber } from "../ranges.js";

export const PARTS = ["training", "validation", "test"] as const;
export type Part = (typeof PARTS)[number];

/** The number of training images, the last ones, that are held out for validation; by default 10,000, as in the book. */
export const VALIDATION = setting(10_000, wholeNumber(0));
