import type { ConsumerSpec, FarmSpec, RestartSpec } from "../../src/core/farm/spec.ts";

/** The restart rules of a consumer that sets none. */
export const restartDefaults: RestartSpec = {
  policy: "always",
  minUptimeMs: 1_000,
  successCodes: [],
  neverRestartCodes: [],
  failureLimit: 3,
  failureWindowMs: 60_000,
  backoffBaseMs: 1_000,
  backoffMaxMs: 30_000,
  backoffJitter: 0,
  onFailureLimit: "retry",
  essential: false,
};

/** A consumer of one plain worker; `changes` win. */
export function consumerSpec(changes: Partial<ConsumerSpec> = {}): ConsumerSpec {
  return {
    name: "async",
    command: ["worker"],
    preset: null,
    transports: ["async"],
    size: { kind: "static", processes: 1 },
    cwd: "/",
    env: {},
    uid: null,
    gid: null,
    stopSignal: "SIGTERM",
    stopTimeoutMs: 30_000,
    restart: restartDefaults,
    recycle: { maxLifetimeMs: null, maxMemoryBytes: null, maxIdleMs: null },
    liveness: { pingTimeoutMs: null, maxMessageTimeMs: null, noProgressMs: null },
    ready: { when: "started" },
    logs: { format: "auto", fields: {}, maxLineBytes: 1_048_576, partialFlushMs: null },
    ...changes,
  };
}

/** A farm of these consumers. */
export function farmSpec(consumers: readonly ConsumerSpec[], changes: Partial<FarmSpec> = {}): FarmSpec {
  return {
    file: "/pm.yaml",
    shutdownTimeoutMs: 30_000,
    totalCap: null,
    autoscalerIntervalMs: 10_000,
    http: null,
    messageMetrics: { enabled: true, whitelist: [], durationBucketsSeconds: [1] },
    onSlowSink: "block",
    consumers,
    ...changes,
  };
}
