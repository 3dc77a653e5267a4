/** Whole files: reading with distrust, and replacing in one piece. */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigurationError, DataError, OutputError } from "../dist/errors.js";
import { checkPlace, readFileChecked, replaceFile } from "../dist/files.js";
import { folderOf } from "./fixtures/idx.js";

/** Reads a file of any kind. */
const read = async () => {};
/** Takes no file for one of the kind that it reads. */
const refuse = async (path: string) => {
  throw new DataError({ thing: path, expected: "another kind", found: "this one" });
};

describe("replaceFile", () => {
  it("writes a new file, from a text or from pieces, and leaves nothing beside it", async () => {
    const folder = folderOf({});
    await replaceFile(join(folder, "a"), "text");
    await replaceFile(join(folder, "b"), ["te", Buffer.from("xt")]);
    expect(readdirSync(folder)).toEqual(["a", "b"]);
    for (const name of ["a", "b"]) expect(readFileSync(join(folder, name), "utf8")).toBe("text");
  });

  it("gives a file the mode of the one that it replaces, whatever the umask", async () => {
    const path = join(folderOf({ model: "old" }), "model");
    for (const mode of [0o600, 0o666, 0o640]) {
      chmodSync(path, mode);
      await replaceFile(path, "new");
      expect(statSync(path).mode & 0o777).toBe(mode);
    }
  });

  it("follows a link, in another folder and relative, and keeps it", async () => {
    const folder = folderOf({});
    mkdirSync(join(folder, "real"));
    writeFileSync(join(folder, "real/model"), "old");
    symlinkSync("real/model", join(folder, "link"));
    await replaceFile(join(folder, "link"), "new");
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, "real/model"), "utf8")).toBe("new");
    expect(readdirSync(join(folder, "real"))).toEqual(["model"]);
  });

  it("shows a reader the old or the new file, never a piece", async () => {
    const path = join(folderOf({ model: "" }), "model");
    const contents = ["a", "b"].map((letter) => letter.repeat(3_000_000));
    await replaceFile(path, contents[0]);
    let isWriting = true;
    const seen = new Set<string>();
    const reading = (async () => {
      while (isWriting) seen.add(await readFile(path, "utf8"));
    })();
    for (let i = 0; i < 20 || (seen.size < 2 && i < 1000); i++) await replaceFile(path, contents[i % 2]);
    isWriting = false;
    await reading;
    expect([...seen].every((content) => contents.includes(content))).toBe(true);
    expect(seen.size).toBe(2);
  });

  it("keeps the old file and no piece when the content fails", async () => {
    const folder = folderOf({ model: "old" });
    const failing = function* () {
      yield "half";
      throw new TypeError("a defect");
    };
    await expect(replaceFile(join(folder, "model"), failing())).rejects.toThrow(new TypeError("a defect"));
    expect(readdirSync(folder)).toEqual(["model"]);
    expect(readFileSync(join(folder, "model"), "utf8")).toBe("old");
  });

  it("keeps the old file and no piece when the disk is full, and says so", async () => {
    const folder = folderOf({ model: "old" });
    const files = new URL("../dist/files.js", import.meta.url);
    const script = `import(${JSON.stringify(files.href)}).then(async ({ replaceFile }) => {
      process.on("SIGXFSZ", () => {});
      await replaceFile(${JSON.stringify(join(folder, "model"))}, Buffer.alloc(1 << 20)).catch((e) => console.log(e.name, e.message));
    })`;
    const output = execFileSync("bash", ["-c", 'ulimit -f 8; exec "$0" -e "$1"', process.execPath, script], {
      encoding: "utf8",
    });
    expect(output).toMatch(/^OutputError .*model: expected to write this file, found EFBIG/);
    expect(readdirSync(folder)).toEqual(["model"]);
    expect(readFileSync(join(folder, "model"), "utf8")).toBe("old");
  });

  it.each(["no/such/folder", "a/b", "link", "."])("refuses %s with an error of its own", async (name) => {
    const folder = folderOf({ a: "a file" });
    symlinkSync("nowhere", join(folder, "link"));
    await expect(replaceFile(join(folder, name), "new")).rejects.toThrow(OutputError);
  });
});

describe("checkPlace", () => {
  it("takes a place where nothing is, or a file of the same kind, and leaves no trace", async () => {
    const folder = folderOf({ model: "old" });
    for (const name of ["new", "model"]) await checkPlace(join(folder, name), { read });
    await checkPlace(join(folder, "new"), { read: refuse });
    expect(readdirSync(folder)).toEqual(["model"]);
    expect(readFileSync(join(folder, "model"), "utf8")).toBe("old");
  });

  it("replaces a file of another kind by force only", async () => {
    const path = join(folderOf({ letter: "dear" }), "letter");
    const message =
      /letter: expected no file there.*found a file of another kind; use another name, or replace it with --force$/;
    await expect(checkPlace(path, { read: refuse })).rejects.toThrow(message);
    await checkPlace(path, { read: refuse, force: true });
  });

  it("passes on an error that is not about the kind of the file", async () => {
    const path = join(folderOf({ file: "" }), "file");
    const defect = new TypeError("a defect");
    await expect(checkPlace(path, { read: () => Promise.reject(defect) })).rejects.toBe(defect);
  });

  it.each([
    ["folder", /folder: expected a file in a folder .*, found a directory/],
    ["fifo", /found a FIFO/],
    ["missing/model", /found no such folder/],
    ["new/", /found no such folder/],
    ["file/model", /found something that is not a folder/],
    ["dangling", /a link that leads nowhere/],
    ["n".repeat(255), /ENAMETOOLONG/], // with the ending of an unfinished file
  ])("refuses %s, with force too", async (name, message) => {
    const folder = folderOf({ file: "" });
    mkdirSync(join(folder, "folder"));
    execFileSync("mkfifo", [join(folder, "fifo")]);
    symlinkSync("nowhere", join(folder, "dangling"));
    for (const force of [false, true]) {
      const refused = checkPlace(`${folder}/${name}`, { read, force });
      await expect(refused).rejects.toThrow(ConfigurationError);
      await expect(refused).rejects.toThrow(message);
    }
    expect(readdirSync(folder).sort()).toEqual(["dangling", "fifo", "file", "folder"]);
  });

  it.each(["/dev/null", "/proc/model", "/sys/model"])("refuses %s", async (path) => {
    await expect(checkPlace(path, { read, force: true })).rejects.toThrow(ConfigurationError);
  });
});

describe("readFileChecked", () => {
  it("reads as many bytes as it may", async () => {
    const path = join(folderOf({ file: "12345" }), "file");
    expect(Buffer.from(await readFileChecked(path, 5)).toString()).toBe("12345");
    await expect(readFileChecked(path, 4)).rejects.toThrow(/file: expected at most 4 bytes, found 5/);
  });

  it("refuses what is no file, without waiting for it", async () => {
    const folder = folderOf({});
    execFileSync("mkfifo", [join(folder, "fifo")]);
    for (const [path, message] of [
      [folder, /found a directory/],
      [join(folder, "fifo"), /found a FIFO/],
      ["/dev/zero", /found a device/],
      [join(folder, "none"), /found none/],
    ] as const) {
      const refused = readFileChecked(path, 10);
      await expect(refused).rejects.toThrow(DataError);
      await expect(refused).rejects.toThrow(message);
    }
  });
});
