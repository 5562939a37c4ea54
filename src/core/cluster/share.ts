import type { ClusterSpec, ConsumerSpec } from "../farm/spec.ts";
import { rankingOf } from "./ranking.ts";
import { sizeOfPart } from "./parts.ts";

/**
 * What this node runs of the farm, in the same order: its own consumers, or with `share: workers` its part of the workers of each. Over all
 * nodes the sizes, minimums and maximums add up to those of the farm.
 */
export function shareOf(consumers: readonly ConsumerSpec[], cluster: ClusterSpec | null): readonly ConsumerSpec[] {
  const part = partHere(
    consumers.map(({ name }) => name),
    cluster,
  );
  return consumers.flatMap((spec) => part(spec) ?? []);
}

/** The part of a consumer that this node runs, null when that is nothing. `names` are those of the whole farm. */
export function partHere(
  names: readonly string[],
  cluster: ClusterSpec | null,
): (spec: ConsumerSpec) => ConsumerSpec | null {
  if (cluster === null) return (spec) => spec;
  const ranking = rankingOf(cluster, names);
  return (spec) => {
    const rank = ranking(spec.name).indexOf(cluster.self);
    if (cluster.share === "consumers") return rank === 0 ? spec : null;
    const size = sizeOfPart(spec.size, cluster.nodes.length, rank);
    return size === null ? null : { ...spec, size };
  };
}

/** Who runs a consumer. */
export interface Ownership {
  readonly consumer: string;
  /** Null when its workers are shared out. */
  readonly node: string | null;
  /** With shared workers: the most that each node has; nodes with none are left out. */
  readonly workers: Readonly<Record<string, number>> | null;
}

/** Who runs what, over the whole farm and in its order. */
export function ownersOf(consumers: readonly ConsumerSpec[], cluster: ClusterSpec): readonly Ownership[] {
  const ranking = rankingOf(
    cluster,
    consumers.map(({ name }) => name),
  );
  return consumers.map(({ name, size }) => {
    const ranked = ranking(name);
    if (cluster.share === "consumers") return { consumer: name, node: ranked[0] ?? null, workers: null };
    const parts = ranked.flatMap((node, rank) => {
      const part = sizeOfPart(size, ranked.length, rank);
      return part === null ? [] : [[node, part.kind === "static" ? part.processes : part.max] as const];
    });
    return { consumer: name, node: null, workers: Object.fromEntries(parts) };
  });
}
