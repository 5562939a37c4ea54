import { isMap, LineCounter, parseDocument } from "yaml";
import { Findings } from "./findings.ts";
import type { Filled } from "./interpolate.ts";
import { NodeReader } from "./node-reader.ts";
import { explainYamlProblem } from "./yaml-problems.ts";

/** The one key under which the Symfony bundle's own file keeps everything. */
export const bundleRoot = "symfony_process_manager";

/** `plain`: the keys at top level. `bundle`: all of them under `bundleRoot`. */
export type Shape = "plain" | "bundle";

/** A file as values: scalars, lists and `Map`s, with aliases and merge keys followed and `${…}` filled in. */
export interface ConfigDocument {
  readonly shape: Shape;
  /** Undefined when it is no YAML or empty; so is every value inside that is already known to be wrong. */
  readonly value: unknown;
  readonly findings: Findings;
  /** What came from variables whose names say that they are secret. */
  readonly secrets: ReadonlySet<string>;
}

/** How one text of the file is filled in, and which variables are secret. */
export interface Filling {
  fill(text: string, shape: Shape): Filled;
  isSecretName(name: string): boolean;
}

/** Reads YAML, remembering the place of every value in the `findings`. `advice` says what to write when there is nothing. */
export function readDocument(
  text: string,
  file: string,
  filling: Filling,
  advice = "write at least consumers:, or start from `pm init`",
): ConfigDocument {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "error",
  });
  const contents = document.contents;
  const shape: Shape = isMap(contents) && contents.has(bundleRoot) ? "bundle" : "plain";
  const findings = new Findings(file, shape === "bundle" ? [bundleRoot] : []);
  const secrets = new Set<string>();
  const lines = text.split("\n");
  const reported = new Set<number>();
  for (const problem of [...document.errors, ...document.warnings]) {
    const { line, col } = counter.linePos(problem.pos[0]);
    // One slip makes several errors on its line; the first tells most.
    if (reported.has(line)) continue;
    reported.add(line);
    findings.errorAt({ line, column: col }, [], explainYamlProblem(problem.code, lines[line - 1] ?? ""));
  }
  if (reported.size > 0) return { shape, value: undefined, findings, secrets };
  if (!isMap(contents)) {
    const found = contents === null ? "the file is empty" : "the file must be a mapping of keys";
    findings.errorAt({ line: 1, column: 1 }, [], `${found}; ${advice}`);
    return { shape, value: undefined, findings, secrets };
  }
  const reader = new NodeReader(document, counter, findings, (content) => {
    const filled = filling.fill(content, shape);
    for (const { text: value, variable } of filled.pieces) {
      if (variable !== null && value !== "" && filling.isSecretName(variable)) secrets.add(value);
    }
    return filled;
  });
  const value = shape === "bundle" ? reader.readUnder(contents, bundleRoot) : reader.read(contents);
  return { shape, value, findings, secrets };
}
