import type { PmEvent } from "../core/farm/events.ts";
import type { Decision, DecisionReason } from "../core/scaling/load.ts";
import type { Registry } from "./series.ts";

/** Why a change that was wanted was not made in full, as dashboards of the Symfony bundle know it. */
const skipReasons = [
  "cooldown_up",
  "cooldown_down",
  "step_cap",
  "at_min",
  "at_max",
] as const satisfies DecisionReason[];

const reasons: Readonly<Record<DecisionReason, true>> = {
  scaled_up: true,
  scaled_down: true,
  steady: true,
  cooldown_up: true,
  cooldown_down: true,
  step_cap: true,
  at_min: true,
  at_max: true,
  capped: true,
  fallback: true,
  paused: true,
  host_memory: true,
  host_cpu: true,
  host_pids: true,
};

/** Counters of what the autoscaler decides. */
export function createScalingCounters(registry: Registry): {
  open(consumer: string, autoscaled: boolean): void;
  record(event: PmEvent): void;
} {
  const ups = registry.counter("autoscaler_scale_up_total", "Times the autoscaler raised a target.", "consumer");
  const downs = registry.counter("autoscaler_scale_down_total", "Times the autoscaler lowered a target.", "consumer");
  const skips = registry.counter(
    "autoscaler_decisions_skipped_total",
    "Changes the autoscaler wanted and did not make in full, by reason.",
    "consumer",
    "reason",
  );
  const decisions = registry.counter(
    "autoscaler_decisions_total",
    "Evaluations of a consumer, by reason.",
    "consumer",
    "reason",
  );
  const sourceFailures = registry.counter(
    "autoscaler_source_failures_total",
    "Times the sources of a strategy stopped answering.",
    "consumer",
  );

  function decided({ consumer, previous, target, reason }: Decision): void {
    decisions.inc({ consumer, reason });
    if (target > previous) ups.inc({ consumer });
    if (target < previous) downs.inc({ consumer });
    if (skipReasons.some((each) => each === reason)) skips.inc({ consumer, reason });
  }

  return {
    open(consumer, autoscaled) {
      for (const each of [ups, downs]) each.inc({ consumer }, 0);
      for (const reason of skipReasons) skips.inc({ consumer, reason }, 0);
      if (!autoscaled) return;
      sourceFailures.inc({ consumer }, 0);
      for (const reason of Object.keys(reasons)) decisions.inc({ consumer, reason }, 0);
    },
    record(event) {
      if (event.type === "scaling_decided") decided(event.decision);
      if (event.type === "scaling_source_failed") sourceFailures.inc({ consumer: event.consumer });
    },
  };
}
