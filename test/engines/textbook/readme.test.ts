import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const FOLDER = new URL("../../../src/engines/textbook/", import.meta.url);
const source = (file: string) => readFileSync(new URL(file, FOLDER), "utf8");
const README = source("README.md");
const TEXTBOOK = source("textbook.ts");

/** What a README names as "`name` in [file](path)" and the file does not declare. */
function missing(readme: string): string[] {
  const named = [...readme.matchAll(/`(\w+)` in\s+\[[^\]]+\]\(([^)]+)\)/g)];
  return named.flatMap(([, name, path]) => {
    const declaration = new RegExp(`(function\\*?|const|class) ${name}\\b|^ +(async )?${name}\\([^;]*\\{$`, "m");
    return existsSync(new URL(path, FOLDER)) && declaration.test(source(path)) ? [] : [`${name} in ${path}`];
  });
}

describe("the textbook's README", () => {
  it("names functions that are in the files that it says", () => {
    expect(missing(README)).toEqual([]);
    for (const [name, path] of [
      ["backprop", "textbook.ts"],
      ["updateMiniBatch", "textbook.ts"],
      ["feedforward", "textbook.ts"],
      ["addRegularisation", "chapter3.ts"],
      ["COSTS", "../../network/cost.ts"],
      ["stochasticGradientDescent", "../../training/train.ts"],
    ]) {
      expect(README).toContain(`\`${name}\` in [${path.replace(/.*\//, "")}](${path})`);
      expect(missing(README.replaceAll(`\`${name}\` in [`, `\`${name}2\` in [`))).toContain(`${name}2 in ${path}`);
    }
    expect(missing("`backprop` in [gone.ts](gone.ts)")).toEqual(["backprop in gone.ts"]);
    expect(missing("`toBeCloseTo` in [textbook.ts](textbook.ts)")).toHaveLength(1);
    expect(missing("`fill` in [textbook.ts](textbook.ts)")).toHaveLength(1); // called there, not declared
  });

  it("links to files that are there", () => {
    const paths = [...README.matchAll(/\]\((?!http)([^)]+)\)/g)].map(([, path]) => path);
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) expect(existsSync(new URL(path, FOLDER)), path).toBe(true);
  });

  it("uses names that textbook.ts uses", () => {
    const arrays = [...README.matchAll(/`([\w.]+)\[[^`]*`/g)].flatMap(([, names]) => names.split("."));
    expect(new Set(arrays)).toEqual(new Set(["weights", "biases", "z", "activations", "delta", "nabla"]));
    for (const name of arrays) expect(TEXTBOOK).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it.each(["BP1", "BP2", "BP3", "BP4"])("derives %s, which is one line of backprop", (equation) => {
    expect(README).toContain(`\\text{(${equation})}`);
    expect(README).toContain(`### ${equation}: `);
    const backprop = TEXTBOOK.slice(TEXTBOOK.indexOf("  backprop("), TEXTBOOK.indexOf("  feedforward("));
    expect(backprop.split("\n").filter((line) => line.endsWith(`// ${equation}`))).toHaveLength(1);
  });
});
