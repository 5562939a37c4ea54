import type { FailureAnswer, StrategySpec } from "../farm/scaling-spec.ts";
import type { SizeSpec } from "../farm/spec.ts";
import { countsOwnTasks, hasSource } from "../scaling/sources.ts";

/** The part of the node of this rank (0 has most) when `total` is divided among `nodes`: the parts add up, and none differs by more than 1. */
function partOf(total: number, nodes: number, rank: number): number {
  return Math.floor(total / nodes) + (rank < total % nodes ? 1 : 0);
}

/** The part of a pool's size, or null when that node has none of it. */
export function sizeOfPart(size: SizeSpec, nodes: number, rank: number): SizeSpec | null {
  if (size.kind === "static") {
    // A server that is there already does the work: there is nothing to divide.
    if (size.processes === 0) return rank === 0 ? size : null;
    const processes = partOf(size.processes, nodes, rank);
    return processes === 0 ? null : { kind: "static", processes };
  }
  // Without a worker such a pool sees nothing and never grows: fewer nodes have it, each with at least one.
  const { strategy: whole } = size.scaling;
  const isBlind = size.min > 0 && !hasSource(whole) && !countsOwnTasks(whole);
  const sharing = isBlind ? Math.min(nodes, size.min) : nodes;
  if (rank >= sharing) return null;
  const part = (total: number): number => partOf(total, sharing, rank);
  const max = part(size.max);
  if (max === 0) return null;
  const strategy = strategyOfPart(whole, part, size.max / max);
  return { kind: "autoscaled", min: part(size.min), max, scaling: { ...size.scaling, strategy } };
}

/** The same strategy for a part: what it says in workers is divided too. `wholes` is how many such parts make the pool. */
function strategyOfPart(strategy: StrategySpec, part: (total: number) => number, wholes: number): StrategySpec {
  const answer = (given: FailureAnswer): FailureAnswer =>
    given.kind === "size" ? { kind: "size", workers: part(given.workers) } : given;
  const bound = (workers: number | null): number | null => (workers === null ? null : part(workers));
  switch (strategy.type) {
    case "fixed":
    case "utilization":
      return strategy;
    case "queue": {
      // Every node sees the whole queue, but only its own tasks.
      const seen = countsOwnTasks(strategy) ? 1 : wholes;
      const perWorker = strategy.perWorker === null ? null : strategy.perWorker * seen;
      return { ...strategy, perWorker, onFailure: answer(strategy.onFailure) };
    }
    case "schedule":
      return {
        ...strategy,
        rules: strategy.rules.map((rule) => ({ ...rule, min: bound(rule.min), max: bound(rule.max) })),
      };
    case "command":
      return { ...strategy, onFailure: answer(strategy.onFailure) };
    case "max":
      return { ...strategy, of: strategy.of.map((each) => strategyOfPart(each, part, wholes)) };
  }
}
