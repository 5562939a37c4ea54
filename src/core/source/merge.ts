import type { ConsumerSpec } from "../farm/spec.ts";
import type { Accepted, EntryDocument, RejectedEntry } from "./entries.ts";
import { fitRoom, type Candidate, type Room } from "./room.ts";
import { sameContent } from "./same-content.ts";

/** What a document changes, and beside what. */
export interface MergeInput {
  /** The consumers of pm.yaml; they win over the program. */
  readonly fromFile: readonly ConsumerSpec[];
  readonly previous: Accepted;
  readonly document: EntryDocument;
  /** What is beyond it is rejected. */
  readonly room: Room;
}

/** The farm as it should be now. */
export interface Merged {
  /** Those of the file, then those of the program. */
  readonly consumers: readonly ConsumerSpec[];
  /** The next `previous`. */
  readonly accepted: Accepted;
  readonly rejected: readonly Rejection[];
}

export interface Rejection extends RejectedEntry {
  /** Whether its last good definition goes on. */
  readonly kept: boolean;
}

/**
 * Joins the consumers of a program's document with those of the file. An invalid entry keeps its last good definition; one that is not in
 * the document is removed; one whose content and `mtime` are as before is the very value it was. A name of the file is the file's.
 */
export function mergeEntries({ fromFile, previous, document, room }: MergeInput): Merged {
  const ofFile = new Set(fromFile.map(({ name }) => name));
  const good = new Map(document.good.map((spec) => [spec.name, spec]));
  const broken = new Map(document.rejected.map(({ consumer, error }) => [consumer, error]));
  const errors = new Map(broken);
  for (const name of good.keys()) {
    if (ofFile.has(name)) errors.set(name, "is in pm.yaml already, which wins; rename one of the two");
  }

  const known = [...previous.values()].map(({ name }) => name).filter((name) => good.has(name) || broken.has(name));
  const names = [...new Set([...known, ...good.keys()])].filter((name) => !ofFile.has(name));
  const candidates = names.map((name): Candidate => {
    const before = previous.get(name) ?? null;
    const wanted = good.get(name) ?? null;
    return { name, before, after: before === null || wanted === null ? wanted : continued(before, wanted) };
  });

  const { accepted, refused } = fitRoom(candidates, fromFile, room);
  for (const [name, error] of refused) errors.set(name, error);
  const rejected = [...errors].map(([consumer, error]) => ({ consumer, error, kept: accepted.has(consumer) }));
  return { consumers: [...fromFile, ...accepted.values()], accepted, rejected };
}

/** The newer definition. An `mtime` never falls, so that one which comes back is no growth. */
function continued(before: ConsumerSpec, after: ConsumerSpec): ConsumerSpec {
  const mtime =
    before.mtime === null || after.mtime === null ? (after.mtime ?? before.mtime) : Math.max(before.mtime, after.mtime);
  return sameContent(before, after) && mtime === before.mtime ? before : { ...after, mtime };
}
