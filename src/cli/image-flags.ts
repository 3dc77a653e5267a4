/** Checks of the flags that choose and draw images, for the commands that have them. */
import type { Images } from "../data/images.js";
import { ConfigurationError } from "../errors.js";

/** @throws ConfigurationError if pictures are asked for where a program reads the output */
export function checkShow({ json, show }: { json: boolean; show: boolean }): void {
  if (!json || !show) return;
  const remedy = "leave one of the two out";
  throw new ConfigurationError({ thing: "--json", expected: "no picture among the JSON", found: "--show", remedy });
}

/** @throws ConfigurationError if there is no image of that number */
export function checkIndex(index: number, images: Images, part: "training" | "test"): void {
  if (index < images.length) return;
  const expected = `the number of a ${part} image, from 0 to ${images.length - 1}`;
  throw new ConfigurationError({ thing: "index", expected, found: `${index}` });
}
