import { jsonSchema } from "../../config/json-schema.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/** `pm schema`: the JSON Schema of pm.yaml on stdout. */
export function runSchema(): Promise<Outcome> {
  return Promise.resolve(outcome(exitCodes.done, [JSON.stringify(jsonSchema(), null, 2)]));
}
