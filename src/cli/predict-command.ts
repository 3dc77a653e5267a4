/** `bp-train predict <model> [images...]`: tells which digits images show. */
import { loadDataset } from "../data/dataset.js";
import { type Picture, pictureOfPng, picturesOf } from "../data/pictures.js";
import { ConfigurationError } from "../errors.js";
import { readModel } from "../model/model.js";
import { checkFit } from "../training/fit.js";
import { predict } from "../training/prediction.js";
import type { Context } from "./context.js";
import type { FlagsOf } from "./flags.js";
import { checkIndex, checkShow } from "./image-flags.js";
import { drawing } from "./report/drawing.js";
import { predictionJson, predictionLines } from "./report/prediction-report.js";
import { colors, shades } from "./report/style.js";

/** Answers the images one after the other. The first that cannot be read ends the command. */
export async function predictCommand([path, ...paths]: string[], flags: FlagsOf<"predict">, { output }: Context) {
  checkArguments(paths, flags);
  const { network } = await readModel(path);
  const { stdout } = process;
  const chalk = colors(stdout, flags.color);
  for await (const picture of pictures(paths, flags, network.sizes)) {
    if (output.aborted) return;
    const prediction = { ...picture, ...predict(network, picture.x, flags.top) };
    const lines = flags.json ? [predictionJson(prediction, flags.top)] : predictionLines(prediction, chalk);
    if (flags.show) lines.push(...drawing(picture, stdout.columns || 80, shades(stdout, flags.color)));
    stdout.write(`${lines.join("\n")}\n`);
  }
}

function checkArguments(paths: string[], flags: FlagsOf<"predict">): void {
  if (paths.length === 0 && flags.index === undefined) {
    const remedy = "give PNG or IDX files, - for a PNG image on standard input, or --index 0,7 for test images";
    throw new ConfigurationError({ thing: "predict", expected: "images", found: "none", remedy });
  }
  if (paths.filter((path) => path === "-").length > 1) {
    throw new ConfigurationError({ thing: "-", expected: "standard input once", found: "more than once" });
  }
  checkShow(flags);
}

/** The images in the order of the command line; those of the test data come last, with their labels. */
async function* pictures(
  paths: string[],
  { index = [], data: folder }: FlagsOf<"predict">,
  sizes: readonly number[],
): AsyncGenerator<Picture & { label?: number }> {
  for (const path of paths) {
    if (path === "-") yield await pictureOfPng("standard input", process.stdin, sizes[0]);
    else yield* picturesOf(path, sizes[0]);
  }
  if (index.length === 0) return;
  const data = await loadDataset(folder, { validation: 0 });
  checkFit(sizes, data);
  const { images, labels } = data.test;
  const { rows, columns } = images;
  for (const i of index) {
    checkIndex(i, images, "test");
    yield { image: "test", index: i, rows, columns, x: images.pixels(i), label: labels[i] };
  }
}
