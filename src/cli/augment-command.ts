/** `bp-train augment`: shows how a training run distorts the training images. */
import { type Dataset, type Examples, loadDataset } from "../data/dataset.js";
import { AUGMENTATIONS, type AugmentationName } from "../distortion/augmentation.js";
import { Distortion } from "../distortion/distortion.js";
import { checkAugmentation } from "../training/settings.js";
import type { Context } from "./context.js";
import type { FlagsOf } from "./flags.js";
import { checkIndex, checkShow } from "./image-flags.js";
import { type Distorted, distortionJson, distortionLines, distortionPictures } from "./report/distortion-report.js";
import { colors, shades } from "./report/style.js";

/** The kinds that are shown where --augment does not name one. */
const KINDS = (Object.keys(AUGMENTATIONS) as AugmentationName[]).filter((kind) => kind !== "none");

export async function augmentCommand(_: string[], flags: FlagsOf<"augment">, { output }: Context): Promise<void> {
  checkShow(flags);
  const data = await loadDataset(flags.data, { validation: 0 });
  const { index = [0], augment, augmentStrength, seed } = flags;
  for (const i of index) checkIndex(i, data.training.images, "training");
  if (augment !== "none") checkAugmentation(flags, data);
  const distortions = makeDistortions(augment === "none" ? KINDS : [augment], flags, data);
  const print = printer(flags);
  for (const i of index) {
    for (const [kind, ofEpochs] of distortions) {
      if (output.aborted) return;
      print({ ...distort(data.training, i, ofEpochs), kind, seed, augmentStrength });
    }
  }
}

/** The distortions of epochs 1 to --count, by their kind. A training run with the same seed has the same ones. */
function makeDistortions(kinds: AugmentationName[], flags: FlagsOf<"augment">, { training }: Dataset) {
  const { augmentStrength, seed, count } = flags;
  const { rows, columns } = training.images;
  const ofEpoch = (augment: AugmentationName, epoch: number) =>
    new Distortion({ augment, augmentStrength }, seed, epoch, rows, columns);
  const ofEpochs = (kind: AugmentationName) => Array.from({ length: count }, (_, i) => ofEpoch(kind, i + 1));
  return new Map(kinds.map((kind) => [kind, ofEpochs(kind)]));
}

function distort({ images, labels }: Examples, index: number, distortions: readonly Distortion[]) {
  const { rows, columns } = images;
  const original = new Uint8Array(rows * columns);
  images.readBytes(index, original);
  const epochs = distortions.map((distortion) => {
    const pixels = new Uint8Array(rows * columns);
    distortion.distort(index, original, pixels);
    return { draw: distortion.draw(index), pull: distortion.largestDisplacement(index), pixels };
  });
  return { index, label: labels[index], rows, columns, original, epochs };
}

/** Prints the distortions of one kind of one image. */
function printer(flags: FlagsOf<"augment">) {
  const { stdout } = process;
  const width = stdout.columns || 80;
  const style = { text: colors(stdout, flags.color), picture: shades(stdout, flags.color) };
  let isFirst = true;
  return (distorted: Distorted) => {
    const linesOf = () =>
      flags.show ? distortionPictures(distorted, width, style) : distortionLines(distorted, width, style.text);
    const lines = flags.json ? distortionJson(distorted) : linesOf();
    if (!flags.json && !isFirst) lines.unshift("");
    isFirst = false;
    stdout.write(`${lines.join("\n")}\n`);
  };
}
