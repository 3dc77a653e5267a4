import { createHash } from "node:crypto";
import type { Dataset } from "./dataset.js";
import { PARTS } from "./parts.js";

/**
 * SHA-256, in hexadecimal, of what a run makes of a data set: for each part the number of its images, their rows and columns, the images
 * as `Images` keeps them, each with its length in bytes, and the labels. Another split is another data set.
 */
export function datasetSha256(data: Dataset): string {
  const hash = createHash("sha256");
  for (const part of PARTS) {
    const { images, labels } = data[part];
    const { rows, columns, starts, length } = images;
    const lengths = new DataView(new ArrayBuffer(4 * length));
    for (let i = 0; i < length; i++) lengths.setUint32(4 * i, starts[i + 1] - starts[i], true);
    hash.update(`${part} ${length} ${rows} ${columns}\n`).update(lengths);
    hash.update(images.ink.subarray(starts[0], starts[length])).update(labels);
  }
  return hash.digest("hex");
}
