import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type LineCounter,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Findings, Position } from "./findings.ts";
import type { Filled } from "./interpolate.ts";
import type { Path } from "./issue.ts";

/** More values than any real file has; aliases of aliases could make billions. */
const maxValues = 100_000;

/** Where a value is said to stand. */
interface Spot {
  readonly key: Position;
  /** The place of the alias it is reached through, when there is one. */
  readonly alias: Position | null;
}

/** Turns the nodes of one YAML document into plain values, telling `findings` where each stands. */
export class NodeReader {
  readonly #document: Document;
  readonly #counter: LineCounter;
  readonly #findings: Findings;
  readonly #fill: (text: string) => Filled;
  /** The nodes being read now, from the top down: one that turns up again holds itself. */
  readonly #open = new Set<unknown>();
  readonly #targets = new Map<Alias, unknown>();
  #values = 0;

  constructor(document: Document, counter: LineCounter, findings: Findings, fill: (text: string) => Filled) {
    this.#document = document;
    this.#counter = counter;
    this.#findings = findings;
    this.#fill = fill;
  }

  /** A node and all below it: the whole file, or what stands by itself. */
  read(contents: unknown): unknown {
    return this.#value(contents, [], { key: { line: 1, column: 1 }, alias: null });
  }

  /** What stands under the one key `root`; every other key is an error. */
  readUnder(contents: YAMLMap, root: string): unknown {
    let value: unknown;
    let first: Position | null = null;
    for (const { key, value: node } of contents.items) {
      const position = this.#positionOf(key);
      const name = isScalar(key) ? String(key.value) : "?";
      if (name !== root) {
        const message = `cannot stand beside ${root}; move it under ${root} if it is a key of pm, else into another file`;
        this.#findings.errorAt(position, [name], message);
      } else if (first !== null) {
        this.#findings.errorAt(position, [name], `is given twice, first in line ${first.line}; keep one`);
      } else {
        first = position;
        value = this.#value(node, [], { key: position, alias: null });
      }
    }
    return value;
  }

  #value(node: unknown, path: Path, spot: Spot): unknown {
    if (++this.#values > maxValues) {
      if (this.#values === maxValues + 1)
        this.#findings.error([], "holds too many values, counting those behind aliases; use fewer aliases");
      return undefined;
    }
    if (isAlias(node))
      return this.#aliased(this.#resolve(node), node.source, path, { ...spot, alias: this.#positionOf(node) });
    const value =
      spot.alias ?? (isNode(node) && node.range && node.range[1] > node.range[0] ? this.#positionOf(node) : spot.key);
    const place = { key: spot.key, value, source: null, fluid: false, hidden: false };
    this.#findings.locate(path, place);
    if (isScalar(node)) return this.#scalar(node, path, { key: spot.key, value });
    if (!isMap(node) && !isSeq(node)) return null;
    if (this.#open.has(node)) {
      this.#findings.error(path, "holds itself through an alias; remove the alias");
      return undefined;
    }
    this.#open.add(node);
    const result = isMap(node)
      ? this.#map(node, path)
      : node.items.map((item, index) =>
          this.#value(item, [...path, index], { key: this.#positionOf(item), alias: null }),
        );
    this.#open.delete(node);
    return result;
  }

  #aliased(target: unknown, name: string, path: Path, spot: Spot): unknown {
    if (target !== undefined) return this.#value(target, path, spot);
    this.#findings.locate(path, {
      key: spot.key,
      value: spot.alias ?? spot.key,
      source: null,
      fluid: false,
      hidden: false,
    });
    this.#findings.error(path, `there is no anchor &${name} above; define it, or write the value`);
    return undefined;
  }

  #scalar(node: Scalar, path: Path, at: { key: Position; value: Position }): unknown {
    if (typeof node.value !== "string") {
      this.#findings.locate(path, { ...at, source: node.source ?? String(node.value), fluid: false, hidden: false });
      return node.value;
    }
    const { pieces, problems } = this.#fill(node.value);
    const filled = pieces.map((piece) => piece.text).join("");
    const hidden = pieces.some((piece) => piece.variable !== null);
    const fluid = hidden || problems.length > 0 || node.value.includes("${");
    this.#findings.locate(path, { ...at, source: filled, fluid, hidden });
    for (const problem of problems) this.#findings.error(path, problem);
    return problems.length > 0 ? undefined : filled;
  }

  #map(node: YAMLMap, path: Path): Map<string, unknown> {
    const result = new Map<string, unknown>();
    const merged = this.#addPairs(node, path, result);
    for (const source of merged) this.#merge(source, path, result);
    return result;
  }

  /** Adds the map's own pairs, which win over merged ones, and gives the values of its `<<` keys. */
  #addPairs(node: YAMLMap, path: Path, result: Map<string, unknown>): unknown[] {
    const merged: unknown[] = [];
    const own = new Map<string, Position>();
    for (const pair of node.items) {
      const key = isAlias(pair.key) ? this.#resolve(pair.key) : pair.key;
      const position = this.#positionOf(pair.key);
      const name = isScalar(key) ? nameOf(key) : null;
      if (!isScalar(key) || name === null) {
        this.#findings.errorAt(position, [...this.#findings.root, ...path], "a key must be plain text; quote it");
        continue;
      }
      if (name === "<<" && key.type === "PLAIN") {
        merged.push(pair.value);
        continue;
      }
      const first = own.get(name);
      if (first !== undefined) {
        const full = [...this.#findings.root, ...path, name];
        this.#findings.errorAt(position, full, `is given twice, first in line ${first.line}; keep one`);
        continue;
      }
      own.set(name, position);
      if (!result.has(name)) result.set(name, this.#value(pair.value, [...path, name], { key: position, alias: null }));
    }
    return merged;
  }

  #merge(source: unknown, path: Path, result: Map<string, unknown>): void {
    const node = isAlias(source) ? this.#resolve(source) : source;
    if (isSeq(node)) {
      for (const item of node.items) this.#merge(item, path, result);
    } else if (isMap(node) && !this.#open.has(node)) {
      this.#open.add(node);
      for (const inner of this.#addPairs(node, path, result)) this.#merge(inner, path, result);
      this.#open.delete(node);
    } else {
      const found = isMap(node) ? "this one itself" : "no mapping";
      const full = [...this.#findings.root, ...path, "<<"];
      this.#findings.errorAt(
        this.#positionOf(source),
        full,
        `merges ${found}; write <<: *name of an anchor on a mapping`,
      );
    }
  }

  /** What an alias stands for. Remembered, because looking an anchor up goes through the whole document. */
  #resolve(alias: Alias): unknown {
    if (!this.#targets.has(alias)) this.#targets.set(alias, alias.resolve(this.#document));
    return this.#targets.get(alias);
  }

  #positionOf(node: unknown): Position {
    const offset = isNode(node) && node.range ? node.range[0] : 0;
    const { line, col } = this.#counter.linePos(offset);
    return { line, column: col };
  }
}

/** A key as it is written, so that `1.50` and `NULL` can be names; null when nothing is written. */
export function nameOf({ value, source }: Scalar): string | null {
  if (typeof value === "string") return value;
  return source === undefined || source === "" ? null : source;
}
