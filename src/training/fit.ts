/** Checks that a network and a data set fit each other. */
import { type Dataset, largestLabel } from "../data/dataset.js";
import { Images } from "../data/images.js";
import { PARTS, type Part } from "../data/parts.js";
import { ConfigurationError, checkInstance } from "../errors.js";

/**
 * @throws ConfigurationError if the input layer does not have one neuron per pixel, if there are more classes than output neurons, or
 * if the data are not a data set
 */
export function checkFit(sizes: readonly number[], data: Dataset): void {
  for (const part of PARTS) checkExamples(part, data);
  const { classes, training } = data;
  const { rows, columns } = training.images;
  const [pixels, inputs, outputs] = [rows * columns, sizes[0], sizes[sizes.length - 1]];
  const remedy = `use ${sizes.with(0, pixels).with(-1, Math.max(classes, outputs)).join(",")}`;
  for (const [expected, found, isMet] of [
    [`${pixels} input neurons for images of ${rows}x${columns}`, inputs, inputs === pixels],
    [`${classes} output neurons or more for labels up to ${classes - 1}`, outputs, outputs >= classes],
  ] as const) {
    if (isMet) continue;
    throw new ConfigurationError({ thing: `layers ${sizes.join(",")}`, expected, found: `${found}`, remedy });
  }
}

/** Data of `loadDataset` always pass; data from elsewhere may not. */
function checkExamples(part: Part, data: Dataset): void {
  const { images, labels } = data?.[part] ?? {};
  checkInstance(`${part} images`, images, Images);
  checkInstance(`${part} labels`, labels, Uint8Array);
  const sizeOf = ({ rows, columns }: Images) => `images of ${rows}x${columns}`;
  const largest = largestLabel(labels);
  for (const [expected, found, isMet] of [
    [`${images.length} labels, one per image`, `${labels.length}`, labels.length === images.length],
    [`labels below ${data.classes}, the number of classes`, `${largest}`, largest < data.classes],
    [sizeOf(data.training.images), sizeOf(images), sizeOf(images) === sizeOf(data.training.images)],
    ["at least one image", "none", part === "validation" || images.length > 0],
  ] as const) {
    if (!isMet) throw new ConfigurationError({ thing: `${part} data`, expected, found });
  }
}
