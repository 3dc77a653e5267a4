/** The three parts of a data set, and how many training images are held out for validation. */
import { setting, wholeNumber } from "../ranges.js";

export const PARTS = ["training", "validation", "test"] as const;
export type Part = (typeof PARTS)[number];

/** The number of training images, taken from the end, that are held out for validation. The default is the book's 10,000. */
export const VALIDATION = setting(10_000, wholeNumber(0));
