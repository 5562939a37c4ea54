import { initialState, plan, type PlannedConsumer, type PlanState } from "../scaling/plan.ts";
import type { Load } from "../scaling/load.ts";
import type { Rule } from "./rule.ts";

/** Wall clock at virtual time 0, which schedules go by: Monday, 5 January 1970, 00:00 UTC. */
export const mondayMs = 4 * 86_400_000;

/** pm's own autoscaler, all of it. Static consumers take part, since they count towards the cap; only the autoscaled ones are seen. */
export function planRule(consumers: readonly PlannedConsumer[], totalCap: number | null): Rule {
  return from(initialState(consumers));

  function from(state: PlanState): Rule {
    return (seen, nowMs) => {
      const loads = new Map(seen.map((load) => [load.consumer, load]));
      const found = plan({ consumers, loads, state, totalCap, nowMs, epochMs: mondayMs + nowMs, shortages: [] });
      const targets = new Map(found.decisions.map(({ consumer, target }) => [consumer, target]));
      return { targets: seen.map((load) => targets.get(load.consumer) ?? load.current), next: from(found.state) };
    };
  }
}

/** A pool of which nothing but its size is known. */
export function idle(consumer: string, workers: number): Load {
  return {
    consumer,
    current: workers,
    live: workers,
    busy: 0,
    throughput: 0,
    serviceSeconds: null,
    queueDepth: null,
    queueFailure: null,
    commandAnswer: null,
    commandFailure: null,
    warmingUp: 0,
    slotsPerWorker: 1,
  };
}
