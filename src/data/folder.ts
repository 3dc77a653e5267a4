/** Finds the four files of a data set in a folder by their names. */
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigurationError, DataError, inspectValue } from "../errors.js";

/** The folder of this package into which the build copies MNIST. */
export const PACKAGE_DATA = fileURLToPath(new URL("../../data", import.meta.url));

/** The files of a data set: how each name ends, for messages and as a pattern. Anything may stand before it. */
const ROLES = {
  trainImages: { name: "train-images-idx3-ubyte", pattern: /train-images[-.]idx3-ubyte(\.gz)?$/ },
  trainLabels: { name: "train-labels-idx1-ubyte", pattern: /train-labels[-.]idx1-ubyte(\.gz)?$/ },
  testImages: {
    name: "t10k-images-idx3-ubyte or test-images-idx3-ubyte",
    pattern: /(t10k|test)-images[-.]idx3-ubyte(\.gz)?$/,
  },
  testLabels: {
    name: "t10k-labels-idx1-ubyte or test-labels-idx1-ubyte",
    pattern: /(t10k|test)-labels[-.]idx1-ubyte(\.gz)?$/,
  },
};
type Role = keyof typeof ROLES;

const GET_DATA = "run `npm install` in bp-train's own folder to get MNIST, or see data/README.md for other data sets";

/**
 * Finds the four files of a data set and returns their paths.
 *
 * Each name ends as in `train-images-idx3-ubyte`, `train-images.idx3-ubyte`, or either of them with `.gz`. In the names of the test
 * files, `test-` may stand for `t10k-`.
 *
 * @throws DataError if the folder does not exist, or does not hold exactly one file for each role
 * @throws ConfigurationError if `folder` is not a path
 */
export async function findFiles(folder: string): Promise<Record<Role, string>> {
  if (typeof folder !== "string" || folder === "") {
    throw new ConfigurationError({ thing: "data folder", expected: "a path", found: inspectValue(folder) });
  }
  const path = shortenPath(folder);
  const names = await listNames(folder, path);
  const paths = {} as Record<Role, string>;
  for (const role of Object.keys(ROLES) as Role[]) paths[role] = join(path, findName(path, names, role));
  return paths;
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

async function listNames(folder: string, thing: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const expected = "a folder with the four IDX files of a data set";
    throw new DataError({ thing, expected, found: PROBLEMS[code] ?? message, remedy: GET_DATA }, { cause });
  }
}

function findName(thing: string, names: string[], role: Role): string {
  const { name, pattern } = ROLES[role];
  const found = names.filter((name) => pattern.test(name));
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    const remedy = "keep one of them in the folder";
    throw new DataError({ thing, expected: `one file for ${name}`, found: found.join(", "), remedy });
  }
  const expected = `a file whose name ends in ${name}, raw or with .gz`;
  throw new DataError({ thing, expected, found: "none", remedy: GET_DATA });
}
