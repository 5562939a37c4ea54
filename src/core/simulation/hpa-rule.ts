import type { Load } from "../scaling/load.ts";
import { within, type Bounds, type PoolRule } from "./rule.ts";

/** How many times its target the metric is: 1 is just right. */
export type MetricRatio = (seen: Load) => number;

/** The busy share of the workers against a target, as HPA uses CPU. */
export function busyShare(target: number): MetricRatio {
  return ({ busy, current }) => busy / Math.max(1, current) / target;
}

/** Messages waiting or at work for each worker against a target, as KEDA gives queue lengths to HPA (an `AverageValue`). */
export function backlogPerWorker(target: number): MetricRatio {
  return ({ queueDepth, busy, current }) => ((queueDepth ?? 0) + busy) / Math.max(1, current) / target;
}

interface Memory {
  /** What was recommended within the down window. */
  readonly wishes: readonly { readonly atMs: number; readonly size: number }[];
  /** What was added within the up period. */
  readonly added: readonly { readonly atMs: number; readonly workers: number }[];
}

const tolerance = 0.1;
const downWindowMs = 300_000;
const upPeriodMs = 15_000;
const upWorkers = 4;

/**
 * The HorizontalPodAutoscaler of Kubernetes (`autoscaling/v2`) with its default behaviour, to be asked every 15 s:
 * ceil(current × metric / target), left alone inside the tolerance; down to the highest wish of 300 s and then by any amount; up by the
 * larger of 100 % and 4 workers in 15 s. At 0 workers it counts one, as KEDA's activation does.
 */
export function hpaRule(bounds: Bounds, metric: MetricRatio): PoolRule {
  return from({ wishes: [], added: [] });

  function from(memory: Memory): PoolRule {
    return (seen, nowMs) => {
      const { current } = seen;
      const ratio = metric(seen);
      const isNear = Math.abs(ratio - 1) <= tolerance;
      const size = within(bounds, isNear ? current : Math.ceil(Math.max(1, current) * ratio));
      const wishes = [...memory.wishes.filter(({ atMs }) => nowMs - atMs < downWindowMs), { atMs: nowMs, size }];
      const added = memory.added.filter(({ atMs }) => nowMs - atMs < upPeriodMs);
      const before = current - added.reduce((sum, { workers }) => sum + workers, 0);
      const ceiling = Math.max(2 * before, before + upWorkers);
      const highest = Math.max(...wishes.map((wish) => wish.size));
      let target = current;
      if (size > current) target = Math.max(current, Math.min(size, ceiling));
      else if (highest < current) target = highest;
      const workers = target - current;
      return { target, next: from({ wishes, added: workers > 0 ? [...added, { atMs: nowMs, workers }] : added }) };
    };
  }
}
