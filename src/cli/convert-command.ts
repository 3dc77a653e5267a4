/** `bp-train convert <from> <to>`: writes a model in the format that the ending of `to` names. */
import { escapeControls } from "../errors.js";
import { checkModelPlace, readModel, writeModel } from "../model/model.js";
import type { FlagsOf } from "./flags.js";

export async function convertCommand([from, to]: string[], { force }: FlagsOf<"convert">): Promise<void> {
  const model = await readModel(from);
  await checkModelPlace(to, model, { force });
  await writeModel(to, model);
  const written = await readModel(to); // proves that the new file can be read
  const lost = Object.keys(model.metadata).filter((key) => !Object.hasOwn(written.metadata, key));
  if (lost.length > 0) process.stderr.write(`Note: ${escapeControls(to)} has no place for ${lost.join(", ")}\n`);
}
