import { partHere } from "../cluster/share.ts";
import type { ConsumerSpec, FarmSpec } from "../farm/spec.ts";
import { initialSize } from "../scaling/initial-size.ts";
import type { Accepted } from "./entries.ts";

/** How many workers this node may have, and what it runs of the farm. */
export type Room = Pick<FarmSpec, "totalCap" | "cluster">;

/** A consumer of the program: its last good definition, and the one it should have now (null: the new one is invalid). */
export interface Candidate {
  readonly name: string;
  readonly before: ConsumerSpec | null;
  readonly after: ConsumerSpec | null;
}

/**
 * Gives the room that the file leaves: first to what runs already, then to what grows, then to what is new, each in order. What finds no
 * room keeps its last good definition if that still fits. `refused`: name → error.
 */
export function fitRoom(
  candidates: readonly Candidate[],
  fromFile: readonly ConsumerSpec[],
  { totalCap, cluster }: Room,
): { readonly accepted: Accepted; readonly refused: ReadonlyMap<string, string> } {
  const ofThisNode = partHere(
    [...fromFile, ...candidates].map(({ name }) => name),
    cluster,
  );
  const sizeOf = (spec: ConsumerSpec | null): number => {
    const part = spec === null ? null : ofThisNode(spec);
    return part === null ? 0 : initialSize(part.size);
  };
  let left = (totalCap ?? Number.POSITIVE_INFINITY) - fromFile.reduce((sum, spec) => sum + sizeOf(spec), 0);
  const refused = new Map<string, string>();
  const grants = (name: string, more: number): boolean => {
    const isGranted = more <= 0 || more <= left;
    if (isGranted) left -= more;
    else
      refused.set(
        name,
        `needs ${more} more workers, and total_cap leaves ${Math.max(0, left)}; raise total_cap or ask for fewer`,
      );
    return isGranted;
  };

  const running = candidates.filter(({ before }) => before !== null);
  const fitting = running.filter(({ name, before, after }) =>
    grants(name, after === null ? sizeOf(before) : Math.min(sizeOf(before), sizeOf(after))),
  );
  const settled = new Map<string, ConsumerSpec>();
  for (const { name, before, after } of fitting) {
    const next = after !== null && grants(name, Math.max(0, sizeOf(after) - sizeOf(before))) ? after : before;
    if (next !== null) settled.set(name, next);
  }
  for (const { name, before, after } of candidates) {
    if (before === null && after !== null && grants(name, sizeOf(after))) settled.set(name, after);
  }
  return { accepted: settled, refused };
}
