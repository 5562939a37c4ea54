import { bundleRoot } from "./document.ts";
import { farmKind } from "./farm-keys.ts";
import type { JsonSchema } from "./kind.ts";

/** The JSON Schema (draft-07) of pm.yaml in both its shapes, made from the same table that reads the file. */
export function jsonSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "pm.yaml",
    description: "A farm of worker processes kept alive by pm.",
    anyOf: [
      { $ref: "#/definitions/farm" },
      {
        type: "object",
        description: "The file of the Symfony bundle, as it is.",
        properties: { [bundleRoot]: { $ref: "#/definitions/farm" } },
        required: [bundleRoot],
        additionalProperties: false,
      },
    ],
    definitions: { farm: farmKind.schema },
  };
}
