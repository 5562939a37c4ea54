import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import type { JsValue } from "./js-value.ts";

/** Deeper nesting, which aliases can make endless, is no configuration. */
const deepest = 100;

/** A YAML file as values with their lines; null when it is none. */
export function readYamlValue(text: string): JsValue | null {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "silent",
  });
  if (document.errors.length > 0 || document.contents === null) return null;
  return valueOf(document.contents, document, counter, 0);
}

function valueOf(node: Node, document: Document.Parsed, counter: LineCounter, depth: number): JsValue {
  const line = lineOf(node, counter);
  const unreadable: JsValue = { kind: "unreadable", line, source: "" };
  if (depth > deepest) return unreadable;
  if (isAlias(node)) {
    const target = node.resolve(document);
    return target === undefined ? unreadable : valueOf(target, document, counter, depth + 1);
  }
  const inner = (value: unknown): JsValue =>
    isNode(value) ? valueOf(value, document, counter, depth + 1) : { kind: "nothing", line };
  if (isSeq(node)) return { kind: "list", line, items: node.items.map(inner) };
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => ({
      key: isScalar(key) ? String(key.value) : "...",
      line: isNode(key) ? lineOf(key, counter) : line,
      value: inner(value),
    }));
    return { kind: "object", line, entries };
  }
  return isScalar(node) ? scalarOf(node.value, line) : unreadable;
}

function scalarOf(value: unknown, line: number): JsValue {
  if (typeof value === "number") return { kind: "number", line, number: value };
  if (typeof value === "boolean") return { kind: "flag", line, flag: value };
  return typeof value === "string" ? { kind: "text", line, text: value } : { kind: "nothing", line };
}

const isNode = (value: unknown): value is Node => isAlias(value) || isMap(value) || isScalar(value) || isSeq(value);

const lineOf = (node: Node, counter: LineCounter): number => counter.linePos(node.range?.[0] ?? 0).line;
