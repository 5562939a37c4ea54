import type { StrategySpec } from "../core/farm/scaling-spec.ts";
import type { StrategyValues } from "./strategy-keys.ts";

/** What a file would say to mean `spec`. */
export function valuesOf(spec: StrategySpec): Partial<StrategyValues> {
  switch (spec.type) {
    case "fixed":
      return { type: spec.type };
    case "utilization":
      return {
        type: spec.type,
        target: spec.target,
        scale_up_threshold: spec.scaleUpThreshold,
        scale_down_threshold: spec.scaleDownThreshold,
      };
    case "queue": {
      const objective = { type: spec.type, per_worker: spec.perWorker, max_wait: spec.maxWaitMs };
      const queues = spec.queues.filter((queue) => queue.kind !== "tasks");
      return queues.length === 0
        ? objective
        : { ...objective, queues, timeout: spec.timeoutMs, on_failure: spec.onFailure };
    }
    case "schedule":
      return { type: spec.type, timezone: spec.timeZone, rules: spec.rules };
    case "command":
      return {
        type: spec.type,
        command: spec.command,
        mode: spec.mode,
        timeout: spec.timeoutMs,
        on_failure: spec.onFailure,
      };
    case "max":
      return { type: spec.type, of: spec.of };
  }
}
