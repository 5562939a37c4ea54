import { dirname, isAbsolute, join } from "node:path";
import type { ClusterSpec } from "../core/farm/spec.ts";
import type { ReadText } from "./accounts.ts";
import { clusterFileKind, numbered, type ClusterValues } from "./cluster-keys.ts";
import { readDocument, type Filling } from "./document.ts";
import type { Findings } from "./findings.ts";

/** From where a cluster file is read, and how it is filled in. */
export interface ClusterSurroundings {
  /** Of pm.yaml. Absolute. */
  readonly directory: string;
  readonly read: ReadText;
  readonly filling: Filling;
}

/** The cluster that the file describes; null when there is none, or after telling `findings` what is wrong. */
export function clusterOf(
  values: ClusterValues | null,
  around: ClusterSurroundings,
  findings: Findings,
): ClusterSpec | null {
  if (values === null || findings.failed(["cluster"])) return null;
  const file = values.file === null ? nothing : readFile(values.file, around, findings);
  if (file === null) return null;
  const nodes = values.nodes ?? file.nodes;
  const self = values.self ?? file.self;
  const instead =
    values.file === null ? "or name a file that does" : `here or in ${findings.show(["cluster", "file"], values.file)}`;
  if (nodes === null) findings.error(["cluster", "nodes"], `is missing; name the nodes, ${instead}`, "key");
  if (self === null)
    findings.error(["cluster", "self"], `is missing; say which of the nodes this one is, ${instead}`, "key");
  if (nodes === null || self === null) return null;
  if (!nodes.includes(self)) {
    const path = ["cluster", values.self === null ? "file" : "self"];
    const known = nodes.length > 10 ? `${nodes.slice(0, 3).join(", ")} … ${nodes.at(-1)}` : nodes.join(", ");
    const shown = findings.hidden(["cluster", "nodes"]) ? "the nodes" : `the nodes (${known})`;
    findings.error(path, `${findings.show(path, JSON.stringify(self))} is none of ${shown}; correct one of the two`);
    return null;
  }
  return { nodes, self, by: values.by, share: values.share };
}

interface Named {
  readonly nodes: readonly string[] | null;
  readonly self: string | null;
}

const nothing: Named = { nodes: null, self: null };

/** What a cluster file names; null after telling what is wrong with it, in its own name and lines. */
function readFile(name: string, { directory, read, filling }: ClusterSurroundings, findings: Findings): Named | null {
  const path = ["cluster", "file"];
  const text = read(isAbsolute(name) ? name : join(directory, name));
  if (text === null) {
    const shown = findings.show(path, JSON.stringify(name));
    findings.error(
      path,
      `the cluster file ${shown} cannot be read; create it, or correct the path (relative to the folder of pm.yaml)`,
    );
    return null;
  }
  const shownFile = isAbsolute(name) ? name : join(dirname(findings.file), name);
  const { value, findings: inFile } = readDocument(text, shownFile, filling, "write {nodes: …, self: …}");
  const found = value === undefined ? undefined : clusterFileKind.read(value, [], inFile);
  for (const issue of inFile.issues) findings.foreign(path, issue);
  if (found === undefined || inFile.issues.length > 0) return null;
  return {
    nodes: found.nodes ?? (found.numberOfInstances === null ? null : numbered(found.numberOfInstances)),
    self: found.self ?? (found.instanceNumber === null ? null : String(found.instanceNumber)),
  };
}
