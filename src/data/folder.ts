/** Finds the four files of a data set in a folder by their names. */
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigurationError, DataError, inspectValue } from "../errors.js";

/** The folder of this package into which the build copies MNIST. */
export const PACKAGE_DATA = fileURLToPath(new URL("../../data", import.meta.url));

const GET_DATA = "run `npm install` in bp-train's own folder to get MNIST, or see data/README.md for other data sets";

/**
 * Finds the four files of a data set and returns their paths.
 *
 * Each name ends as in `train-images-idx3-ubyte`, `train-images.idx3-ubyte`, or either of them with `.gz`; anything may stand before it.
 * In the names of the test files, `test-` may stand for `t10k-`.
 *
 * @throws DataError if the folder does not exist, or does not hold exactly one file for each role
 * @throws ConfigurationError if `folder` is not a path
 */
export async function findFiles(folder: string) {
  if (typeof folder !== "string" || folder === "") {
    throw new ConfigurationError({ thing: "data folder", expected: "a path", found: inspectValue(folder) });
  }
  const path = shortenPath(folder);
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const expected = "a folder with the four IDX files of a data set";
    const found = PROBLEMS[cause.code ?? ""] ?? cause.message;
    throw new DataError({ thing: path, expected, found, remedy: GET_DATA }, { cause });
  });
  const find = (...endings: string[]) => findFile(path, names, endings);
  return {
    trainImages: find("train-images-idx3-ubyte"),
    trainLabels: find("train-labels-idx1-ubyte"),
    testImages: find("t10k-images-idx3-ubyte", "test-images-idx3-ubyte"),
    testLabels: find("t10k-labels-idx1-ubyte", "test-labels-idx1-ubyte"),
  };
}

/** The path as a user in the current folder would write it. */
function shortenPath(path: string): string {
  try {
    const short = relative(process.cwd(), path);
    return short.startsWith("..") ? path : short || ".";
  } catch {
    return path; // the current folder was deleted
  }
}

const PROBLEMS: Record<string, string> = {
  ENOENT: "no such folder",
  ELOOP: "a link that leads nowhere",
  ENOTDIR: "a file that is not a folder",
  EACCES: "a folder without read permission",
};

function findFile(folder: string, names: string[], endings: string[]): string {
  const pattern = new RegExp(`(${endings.join("|").replaceAll("-idx", "[-.]idx")})(\\.gz)?$`);
  const found = names.filter((name) => pattern.test(name)).sort();
  if (found.length === 1) return join(folder, found[0]);
  const wanted = endings.join(" or ");
  const [expected, remedy] =
    found.length === 0
      ? [`a file whose name ends in ${wanted}, raw or with .gz`, GET_DATA]
      : [`one file for ${wanted}`, "keep one of them in the folder"];
  throw new DataError({ thing: folder, expected, found: found.join(", ") || "none", remedy });
}
