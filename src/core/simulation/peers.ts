import type { PlannedConsumer } from "../scaling/plan.ts";
import { horizonRule } from "./horizon-rule.ts";
import { backlogPerWorker, busyShare, hpaRule } from "./hpa-rule.ts";
import { planRule } from "./plan-rule.ts";
import { eachAlone, type Bounds, type NamedRule } from "./rule.ts";
import { seedDefaults, seedRule } from "./seed-rule.ts";

/** What the rules side by side are made for. */
export interface Comparison {
  readonly consumers: readonly PlannedConsumer[];
  readonly totalCap: number | null;
  readonly intervalMs: number;
  readonly objectiveSeconds: number;
  /** What the operator of a backlog target would have measured. */
  readonly meanServiceSeconds: number;
}

/**
 * This configuration, and the rules of the field with the same bounds and their own defaults and paces. They know no total cap. The
 * backlog a worker may have is AWS's "acceptable backlog per instance": the wait allowed / the mean service time.
 */
export function rulesToCompare(comparison: Comparison): readonly NamedRule[] {
  const { consumers, totalCap, intervalMs, objectiveSeconds, meanServiceSeconds } = comparison;
  const pools = consumers.flatMap(({ size }): Bounds[] => (size.kind === "autoscaled" ? [size] : []));
  const backlog = Math.max(1, objectiveSeconds / meanServiceSeconds);
  return [
    { name: "this configuration", intervalMs, rule: planRule(consumers, totalCap) },
    { name: "seed", intervalMs: 10_000, rule: eachAlone(pools.map((pool) => seedRule(pool, seedDefaults))) },
    {
      name: "HPA, busy share",
      intervalMs: 15_000,
      rule: eachAlone(pools.map((pool) => hpaRule(pool, busyShare(0.7)))),
    },
    {
      name: "HPA, backlog",
      intervalMs: 15_000,
      rule: eachAlone(pools.map((pool) => hpaRule(pool, backlogPerWorker(backlog)))),
    },
    { name: "Horizon", intervalMs: 3000, rule: eachAlone(pools.map((pool) => horizonRule(pool))) },
  ];
}
