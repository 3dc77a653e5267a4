/** Computes a data set's fingerprint, by which a resumed run knows that it has the same data. */
import { createHash } from "node:crypto";
import type { Dataset } from "./dataset.js";
import { PARTS } from "./parts.js";

/**
 * Computes the SHA-256 of a data set after its split, in hexadecimal. So the same files, split otherwise, have another one.
 *
 * It covers for each part the number of images, their rows and columns, the length of each image's ink in bytes, the ink itself, and the
 * labels.
 */
export function datasetSha256(data: Dataset): string {
  const hash = createHash("sha256");
  for (const part of PARTS) {
    const { images, labels } = data[part];
    const { rows, columns, starts, length } = images;
    const lengths = new DataView(new ArrayBuffer(4 * length)); // uint32, little-endian on every machine
    for (let i = 0; i < length; i++) lengths.setUint32(4 * i, starts[i + 1] - starts[i], true);
    hash.update(`${part} ${length} ${rows} ${columns}\n`).update(lengths);
    hash.update(images.ink.subarray(starts[0], starts[length])).update(labels);
  }
  return hash.digest("hex");
}
