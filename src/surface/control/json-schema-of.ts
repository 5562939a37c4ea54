/** A JSON Schema (2020-12) as plain values. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of a valibot schema, as far as the documents and requests of the control socket use the language. A `document` may
 * have more members, since later versions add some; a `request` may not, and is described as it is sent. Throws on what it does not know.
 */
export function jsonSchemaOf(schema: unknown, use: "document" | "request"): JsonSchema {
  const given = members(schema);
  const steps = list(given["pipe"]).slice(1);
  return Object.assign({}, typeOf(given, use), ...steps.map((step) => narrowing(members(step))));
}

function typeOf(schema: JsonSchema, use: "document" | "request"): JsonSchema {
  const kind = schema["type"];
  switch (kind) {
    case "string":
    case "number":
    case "boolean":
      return { type: kind };
    case "literal":
      return { const: schema["literal"] };
    case "picklist":
      return { enum: schema["options"] };
    case "array":
      return { type: "array", items: jsonSchemaOf(schema["item"], use) };
    case "unknown":
      return {};
    case "union":
      return { anyOf: list(schema["options"]).map((option) => jsonSchemaOf(option, use)) };
    case "record":
      return { type: "object", additionalProperties: jsonSchemaOf(schema["value"], use) };
    case "nullable":
      return { anyOf: [jsonSchemaOf(schema["wrapped"], use), { type: "null" }] };
    case "nullish":
      return defaulted(schema, use);
    case "strict_object":
      return objectOf(members(schema["entries"]), use);
    default:
      throw new Error(`no JSON Schema for ${String(kind)}`);
  }
}

/** A member that may be left out. */
function defaulted(schema: JsonSchema, use: "document" | "request"): JsonSchema {
  const inner = jsonSchemaOf(schema["wrapped"], use);
  const value = schema["default"];
  return value === null || value === undefined ? inner : { ...inner, default: value };
}

function objectOf(entries: JsonSchema, use: "document" | "request"): JsonSchema {
  const named = Object.entries(entries);
  const required = named.filter(([, entry]) => members(entry)["type"] !== "nullish").map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(named.map(([name, entry]) => [name, jsonSchemaOf(entry, use)])),
    ...(required.length === 0 ? {} : { required }),
    ...(use === "request" ? { additionalProperties: false } : {}),
  };
}

function narrowing(step: JsonSchema): JsonSchema {
  const requirement = step["requirement"];
  switch (step["type"]) {
    case "safe_integer":
      return { type: "integer" };
    case "min_value":
      return { minimum: requirement };
    case "max_value":
      return { maximum: requirement };
    case "max_length":
      return { maxLength: requirement };
    case "non_empty":
      return { minLength: 1 };
    case "regex":
      return { pattern: requirement instanceof RegExp ? requirement.source : String(requirement) };
    case "iso_timestamp":
      return { format: "date-time" };
    case "description":
      return { description: step["description"] };
    case "metadata":
      return members(members(step["metadata"])["schema"]);
    default:
      return {}; // a transformation: what is sent is described, not what becomes of it
  }
}

function members(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
