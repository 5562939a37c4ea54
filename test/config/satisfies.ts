/** Whether a value satisfies a JSON Schema, as far as pm's own schema uses the language. */
export function satisfies(value: unknown, schema: unknown, root: unknown = schema): boolean {
  const rule = record(schema);
  const ref = rule["$ref"];
  if (typeof ref === "string") {
    const target = ref
      .split("/")
      .slice(1)
      .reduce<unknown>((at, name) => record(at)[name], root);
    return satisfies(value, target, root);
  }
  const checks: Readonly<Record<string, (wanted: unknown) => boolean>> = {
    type: (wanted) => list(wanted).some((type) => isOfType(value, type)),
    enum: (wanted) => list(wanted).includes(value),
    const: (wanted) => value === wanted,
    anyOf: (wanted) => list(wanted).some((each) => satisfies(value, each, root)),
    not: (wanted) => !satisfies(value, wanted, root),
    pattern: (wanted) => typeof value !== "string" || new RegExp(String(wanted)).test(value),
    minLength: (wanted) => typeof value !== "string" || value.length >= Number(wanted),
    minimum: (wanted) => typeof value !== "number" || value >= Number(wanted),
    exclusiveMinimum: (wanted) => typeof value !== "number" || value > Number(wanted),
    maximum: (wanted) => typeof value !== "number" || value <= Number(wanted),
    minItems: (wanted) => !Array.isArray(value) || value.length >= Number(wanted),
    items: (wanted) => !Array.isArray(value) || value.every((each) => satisfies(each, wanted, root)),
    minProperties: (wanted) => Object.keys(record(value)).length >= Number(wanted),
    required: (wanted) =>
      !isOfType(value, "object") || list(wanted).every((name) => Object.hasOwn(record(value), String(name))),
    properties: (wanted) =>
      Object.entries(record(value)).every(
        ([name, each]) => !Object.hasOwn(record(wanted), name) || satisfies(each, record(wanted)[name], root),
      ),
    additionalProperties: (wanted) =>
      Object.entries(record(value)).every(
        ([name, each]) =>
          Object.hasOwn(record(rule["properties"]), name) || (wanted !== false && satisfies(each, wanted, root)),
      ),
  };
  const silent = new Set(["$schema", "title", "description", "default", "definitions", "format"]);
  return Object.entries(rule).every(([name, wanted]) => {
    if (silent.has(name)) return true;
    const check = checks[name];
    if (check === undefined) throw new Error(`the schema uses ${name}, which this check does not know`);
    return check(wanted);
  });
}

/** The members of an object; nothing for any other value. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function isOfType(value: unknown, type: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return type === "integer" ? Number.isInteger(value) : typeof value === type;
}
