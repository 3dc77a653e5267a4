/** The form of output for programs: one JSON object per line. */
import type { Form } from "./events.js";

export const ndjson: Form = (event) => (event.event === "opening" ? [] : [JSON.stringify(event)]);
