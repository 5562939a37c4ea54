import type { ScalingSpec } from "../farm/scaling-spec.ts";
import { age, total } from "./backlog.ts";
import { smooth } from "./ewma.ts";
import type { Load } from "./load.ts";
import type { PoolState } from "./pool-state.ts";
import { queueStrategyOf } from "./sources.ts";

/**
 * Takes a new sample into what is remembered. Where no durations are told the service time follows from Little's law:
 * messages in hand = rate × time. What arrives is what left and what the backlog grew by.
 */
export function observe(pool: PoolState, load: Load, scaling: ScalingSpec, nowMs: number): PoolState {
  const dtMs = pool.sampledAtMs === null ? 0 : nowMs - pool.sampledAtMs;
  const tauMs = scaling.smoothingWindowMs;
  const { throughput, busy } = load;
  const service = load.serviceSeconds ?? (throughput > 0 ? (busy * load.slotsPerWorker) / throughput : null);
  const seen: PoolState = {
    ...pool,
    sampledAtMs: pool.sampledAtMs === null ? nowMs : Math.max(nowMs, pool.sampledAtMs),
    busy: smooth(pool.busy, busy, dtMs, tauMs),
    throughput: smooth(pool.throughput, throughput, dtMs, tauMs),
    serviceSeconds: service === null ? pool.serviceSeconds : smooth(pool.serviceSeconds, service, dtMs, tauMs),
  };

  const strategy = queueStrategyOf(scaling.strategy);
  const { queueDepth: waiting } = load;
  if (!strategy || waiting === null) return seen;
  const growth = waiting - total(pool.waiting);
  const came = Math.max(0, growth + (throughput * dtMs) / 1000);
  const arrivals =
    dtMs > 0 && pool.depthKnown
      ? smooth(pool.arrivals, (growth * 1000) / dtMs + throughput, dtMs, tauMs)
      : pool.arrivals;
  return {
    ...seen,
    arrivals,
    depthKnown: true,
    waiting: age(pool.waiting, {
      depth: waiting,
      came,
      sinceMs: pool.sampledAtMs ?? nowMs,
      maxWaitMs: strategy.maxWaitMs ?? Number.POSITIVE_INFINITY,
    }),
  };
}
