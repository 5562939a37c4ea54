import type { ClusterSpec } from "../farm/spec.ts";
import { combine, compareHashes, hashText } from "./hash.ts";

/** All nodes in the order in which they are responsible for a consumer: the first is its owner. */
export type Ranking = (consumer: string) => readonly string[];

/**
 * How a cluster ranks its nodes, the same on all of them whatever the order of `nodes`. `consumers` are the names of the whole farm; only
 * `balanced` goes by them.
 */
export function rankingOf({ nodes, by }: Pick<ClusterSpec, "nodes" | "by">, consumers: readonly string[]): Ranking {
  const sorted = nodes.toSorted(byCodeUnits);
  const beginningAt = (first: number): readonly string[] => [...sorted.slice(first), ...sorted.slice(0, first)];
  switch (by) {
    case "rendezvous": {
      const hashed = sorted.map((node) => ({ node, hash: hashText(node) }));
      return (consumer) => {
        const ofConsumer = hashText(consumer);
        const scored = hashed.map(({ node, hash }) => ({ node, score: combine(hash, ofConsumer) }));
        return scored.toSorted((a, b) => compareHashes(b.score, a.score)).map(({ node }) => node);
      };
    }
    case "modulo":
      return (consumer) => beginningAt(hashText(consumer).low % sorted.length);
    case "balanced": {
      const positions = new Map(consumers.toSorted(byCodeUnits).map((name, position) => [name, position]));
      return (consumer) => beginningAt((positions.get(consumer) ?? 0) % sorted.length);
    }
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
