import type { EntryNode, ParsedDocument } from "./entries-tree.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";

/** Deeper than any entry; what is deeper could exhaust the stack. */
const maxDepth = 32;

/** A document in JSON by its outer form; null when it is no JSON. */
export function parseJsonEntries(text: string): ParsedDocument | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null; // what the parser says quotes the text, secrets and all
  }
  if (!isObject(json)) return { keys: null, entries: null, found: kindOf(json) };
  const { consumers } = json;
  const entries = isObject(consumers) || Array.isArray(consumers) ? Object.entries(consumers).map(toNode) : null;
  return { keys: Object.keys(json), entries, found: kindOf(consumers) };
}

function toNode([name, value]: [string, unknown]): EntryNode {
  return { name, problem: null, read: (findings) => located(value, [], findings) };
}

/** Objects as `Map`s, and each value known to `findings` as it is written, so that a number can stand for text. */
function located(value: unknown, path: Path, findings: Findings): unknown {
  const at = { line: 1, column: 1 };
  const isScalar = typeof value === "number" || typeof value === "boolean" || typeof value === "string";
  findings.locate(path, { key: at, value: at, source: isScalar ? String(value) : null, fluid: false, hidden: false });
  if (isScalar || value === null) return value;
  if (path.length >= maxDepth) return findings.error(path.slice(0, 1), "is nested too deeply; make it flatter");
  if (Array.isArray(value)) return value.map((each: unknown, index) => located(each, [...path, index], findings));
  return new Map(
    Object.entries(isObject(value) ? value : {}).map(([name, each]) => [
      name,
      located(each, [...path, name], findings),
    ]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return Array.isArray(value) ? "a list" : isObject(value) ? "a mapping" : `a ${typeof value}`;
}
