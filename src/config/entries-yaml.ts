import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Pair } from "yaml";
import type { EntryNode, ParsedDocument } from "./entries-tree.ts";
import type { Filled } from "./interpolate.ts";
import { nameOf, NodeReader } from "./node-reader.ts";
import { explainYamlProblem } from "./yaml-problems.ts";

/** A document in YAML by its outer form, or where it is none. */
export function parseYamlEntries(text: string): ParsedDocument | string {
  const counter = new LineCounter();
  let document: Document;
  try {
    document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: false, logLevel: "error" });
  } catch {
    return "it is nested too deeply; make it flatter"; // the parser's stack has its end
  }
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const { line, col } = counter.linePos(problem.pos[0]);
    return `line ${line}, column ${col}: ${explainYamlProblem(problem.code, text.split("\n")[line - 1] ?? "")}`;
  }
  const { contents } = document;
  if (!isMap(contents)) return { keys: null, entries: null, found: wordFor(contents) };
  const top = contents.items.map(({ key, value }) => ({ name: keyName(key), value }));
  const given = top.find(({ name }) => name === "consumers")?.value;
  const consumers: unknown = isAlias(given) ? given.resolve(document) : given;

  // Each entry has findings, and so a reader, of its own.
  const toNode = (name: string, wrong: string | null, node: unknown): EntryNode => ({
    name,
    problem: wrong,
    read: (findings) => new NodeReader(document, counter, findings, literal).read(node),
  });
  const nodes = isMap(consumers)
    ? named(consumers.items, toNode)
    : isSeq(consumers)
      ? consumers.items.map((node, index) => toNode(String(index), null, node))
      : null;
  return { keys: top.map(({ name }) => name), entries: nodes, found: wordFor(consumers) };
}

/** The entries of a mapping. One that is there twice is wrong: nobody can say which is meant. */
function named(
  pairs: readonly Pair[],
  toNode: (name: string, wrong: string | null, node: unknown) => EntryNode,
): EntryNode[] {
  const nodes = new Map<string, EntryNode>();
  for (const { key, value } of pairs) {
    const name = keyName(key);
    const wrong = nodes.has(name)
      ? "is given twice; keep one"
      : name === "<<" || !isScalar(key)
        ? "the name of a consumer must be plain text; write each consumer by itself"
        : null;
    nodes.set(name, toNode(name, wrong, value));
  }
  return [...nodes.values()];
}

function keyName(key: unknown): string {
  return isScalar(key) ? (nameOf(key) ?? "") : "?";
}

function wordFor(node: unknown): string {
  if (isSeq(node)) return "a list";
  if (isMap(node)) return "a mapping";
  return isScalar(node) && node.value !== null ? `a ${typeof node.value}` : "nothing";
}

/** Nothing is filled in. */
function literal(text: string): Filled {
  return { pieces: [{ text, variable: null }], problems: [] };
}
