/** The seeds of a run's generator (random.ts), apart from it so that the command line need not load it. */
import { setting, wholeNumber } from "../ranges.js";

/** Seeds are unsigned 32-bit integers. */
export const LARGEST_SEED = 2 ** 32 - 1;
export const SEED = setting(1, wholeNumber(0, LARGEST_SEED));
