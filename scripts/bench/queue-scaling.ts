import type { SizeSpec } from "../../src/core/farm/spec.ts";

/**
 * A pool that keeps what a message waits below `maxWaitMs`, as one would write it in pm.yaml:
 *
 *     autoscaler_interval_sec: 1
 *     autoscaler:
 *       min: 1
 *       max: 20
 *       smoothing_window_sec: 30
 *       scale_up_cooldown_sec: 0
 *       scale_down_cooldown_sec: 0
 *       scale_up_step: 20
 *       scale_down_step: 20
 *       strategy: { type: queue, max_wait: 30s, timeout: 500ms, queues: { redis: redis://localhost, list: async } }
 */
export function queueScaling({ max, maxWaitMs }: { readonly max: number; readonly maxWaitMs: number }): SizeSpec {
  const strategy = {
    type: "queue",
    queues: [{ kind: "redis", url: "redis://localhost", key: "async", shape: "list" }],
    perWorker: null,
    maxWaitMs,
    timeoutMs: 500,
    onFailure: { kind: "hold" },
  } as const;
  const damping = {
    tolerance: 0,
    upWindowMs: 0,
    downWindowMs: 0,
    upPolicies: [],
    downPolicies: [],
    select: "max",
    warmUpMs: 0,
    panic: null,
    paused: false,
  } as const;
  return {
    kind: "autoscaled",
    min: 1,
    max,
    scaling: {
      priority: 0,
      smoothingWindowMs: 30_000,
      scaleUpCooldownMs: 0,
      scaleDownCooldownMs: 0,
      scaleUpStep: max,
      scaleDownStep: max,
      strategy,
      damping,
    },
  };
}
