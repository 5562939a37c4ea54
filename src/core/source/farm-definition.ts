import { shareOf } from "../cluster/share.ts";
import type { ConsumerSpec, FarmSpec } from "../farm/spec.ts";
import type { Accepted, EntryDocument } from "./entries.ts";
import { mergeEntries, type Rejection } from "./merge.ts";

/** What the farm should be now, and how that came about. */
export interface FarmDefinition {
  /** What this pm runs: the consumers of the file and of the program, and of these the share of this node. */
  readonly spec: FarmSpec;
  /** All consumers, whoever runs them. */
  readonly consumers: readonly ConsumerSpec[];
  readonly accepted: Accepted;
  readonly rejected: readonly Rejection[];
}

/** Joins the file with a document of its program; a null document leaves what was accepted before. */
export function defineFarm(file: FarmSpec, previous: Accepted, document: EntryDocument | null): FarmDefinition {
  const merged =
    document === null
      ? withoutDocument(file, previous)
      : mergeEntries({ fromFile: file.consumers, previous, document, room: file });
  return { ...merged, spec: { ...file, consumers: shareOf(merged.consumers, file.cluster) } };
}

function withoutDocument(file: FarmSpec, previous: Accepted): Omit<FarmDefinition, "spec"> {
  const ofFile = new Set(file.consumers.map(({ name }) => name));
  const accepted = new Map([...previous].filter(([name]) => !ofFile.has(name)));
  return { consumers: [...file.consumers, ...accepted.values()], accepted, rejected: [] };
}
