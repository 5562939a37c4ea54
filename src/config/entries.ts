import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { EntryDocument, RejectedEntry } from "../core/source/entries.ts";
import { object, orNull } from "./collections.ts";
import { consumerKeys } from "./consumer-keys.ts";
import { entriesTree, type EntryNode } from "./entries-tree.ts";
import { problemOfConsumerName, type FarmValues } from "./farm-keys.ts";
import type { Surroundings } from "./fill-consumer.ts";
import { Findings } from "./findings.ts";
import type { ConfigIssue } from "./issue.ts";
import { optionalKey } from "./kind.ts";
import { readConsumer } from "./read-consumer.ts";
import { decimal } from "./scalars.ts";
import { checkAutoscaler } from "./scaling-conflicts.ts";

/** What the entries of a program's document mean depends on the pm.yaml that names the program: its folder and its defaults. */
export interface EntrySurroundings extends Surroundings {
  /** Path of pm.yaml as the user wrote it. */
  readonly file: string;
  readonly farm: FarmValues;
}

/** The entries of a document, or on one line why it is none: then nothing is known of any entry. */
export type EntriesResult = ({ readonly ok: true } & EntryDocument) | { readonly ok: false; readonly error: string };

/** One entry: a consumer as pm.yaml has it, and when it was changed. */
const entryKind = object({
  ...consumerKeys,
  mtime: optionalKey(orNull(decimal({ min: 0 })), "When this entry was changed, such as seconds since 1970."),
});

const maxNameLength = 200;
const maxErrorLength = 500;

/**
 * Reads `{consumers: {…}}` as a program prints it, JSON (at most 16 MiB) or YAML (at most 128 KiB). Every entry is read by itself: what is
 * wrong with one concerns no other. Values are literal: a document never reads pm's environment.
 */
export function readEntries(text: string, surroundings: EntrySurroundings): EntriesResult {
  const tree = entriesTree(text);
  if (!tree.ok) return tree;
  const good: ConsumerSpec[] = [];
  const rejected: RejectedEntry[] = [];
  for (const node of tree.entries) {
    const entry = readEntry(node, surroundings);
    if ("error" in entry) rejected.push(entry);
    else good.push(entry);
  }
  return { ok: true, good, rejected };
}

function readEntry(node: EntryNode, surroundings: EntrySurroundings): ConsumerSpec | RejectedEntry {
  const { name, problem } = node;
  if (name.length > maxNameLength) {
    const shown = `${name.slice(0, 40)}…`;
    return {
      consumer: shown,
      error: `consumers.${shown}: the name is longer than ${maxNameLength} characters; shorten it`,
    };
  }
  const findings = new Findings(surroundings.file, ["consumers", name]);
  const wrong = problem ?? problemOfConsumerName(name);
  if (wrong !== null) findings.error([], wrong);
  const value = wrong === null ? node.read(findings) : undefined;
  const values = value === undefined ? undefined : entryKind.read(value, [], findings);
  if (values === undefined) return { consumer: name, error: errorOf(findings, surroundings.file) };
  const { spec } = readConsumer(name, values, surroundings.farm, surroundings, [], findings);
  if (values.autoscaler !== null) {
    checkAutoscaler(values.autoscaler, surroundings.farm.autoscaler_interval_sec, ["autoscaler"], findings);
  }
  const error = errorOf(findings, surroundings.file);
  return error === "" ? { ...spec, mtime: values.mtime, origin: "source" } : { consumer: name, error };
}

/** The first problem on one line, and how many more there are; empty when there is none. */
function errorOf({ issues }: Findings, file: string): string {
  const [first, ...more] = issues.filter(({ severity }) => severity === "error");
  if (first === undefined) return "";
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  const line = lineOf(first, file).replaceAll(/\s*[\r\n]+\s*/gu, " ");
  return (line.length > maxErrorLength ? `${line.slice(0, maxErrorLength - 1)}…` : line) + others;
}

function lineOf({ file, line, path, message }: ConfigIssue, ownFile: string): string {
  return `${file === ownFile ? "" : `${file}:${line}: `}${path}: ${message}`;
}
