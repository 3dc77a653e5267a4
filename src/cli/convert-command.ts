/** `bp-train convert <from> <to>`: writes a model in the format that the ending of `to` names. */

import { printable } from "../errors.js";
import { checkModelPlace, readModel, writeModel } from "../model/model.js";
import type { ConvertFlags } from "./flags.js";

export async function runConvert(from: string, to: string, { force }: ConvertFlags): Promise<void> {
  const model = await readModel(from);
  await checkModelPlace(to, model, { force });
  await writeModel(to, model);
  const written = await readModel(to); // proves that the new file can be read
  const lost = Object.keys(model.metadata).filter((name) => !Object.hasOwn(written.metadata, name));
  if (lost.length > 0) process.stderr.write(`Note: ${printable(to)} has no place for ${lost.join(", ")}\n`);
}
