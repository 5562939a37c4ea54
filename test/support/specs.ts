import type { DampingSpec, ScalingSpec } from "../../src/core/farm/scaling-spec.ts";
import type { ConsumerSpec, FarmSpec, ProcessSpec, RestartSpec, SizeSpec } from "../../src/core/farm/spec.ts";
import type { FastcgiSpec, TasksSpec } from "../../src/core/farm/tasks-spec.ts";

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

/** A process that is set up as pm itself is. */
export const processDefaults: ProcessSpec = {
  umask: null,
  nice: null,
  rlimits: {},
  oomScoreAdj: null,
  groups: null,
  userGroups: [],
  noNewPrivileges: false,
};

/** The damping of an autoscaler that sets none. */
export const dampingDefaults: DampingSpec = {
  tolerance: 0,
  upWindowMs: 0,
  downWindowMs: 0,
  upPolicies: [],
  downPolicies: [],
  select: "max",
  warmUpMs: 0,
  panic: null,
  paused: false,
};

/** An autoscaler that keeps the minimum, with the knobs of the bundle; `changes` win. */
export function scalingSpec(changes: Partial<ScalingSpec> = {}): ScalingSpec {
  return {
    priority: 0,
    smoothingWindowMs: 30_000,
    scaleUpCooldownMs: 30_000,
    scaleDownCooldownMs: 300_000,
    scaleUpStep: 2,
    scaleDownStep: 1,
    strategy: { type: "fixed" },
    damping: dampingDefaults,
    ...changes,
  };
}

/** Tasks of a consumer that names nothing but the protocol jsonl; `changes` win. */
export function tasksSpec(changes: Partial<TasksSpec> = {}): TasksSpec {
  return {
    protocol: "jsonl",
    mailboxLimit: 100,
    dispatch: "least_loaded",
    timeoutMs: 60_000,
    retries: 0,
    concurrency: 1,
    prefetch: null,
    maxTasks: null,
    maxBytes: 33_554_432,
    fastcgi: null,
    from: null,
    ...changes,
  };
}

/** A server that is there already, with 8 connections; `changes` win. */
export function fastcgiSpec(changes: Partial<FastcgiSpec> = {}): FastcgiSpec {
  return {
    address: { kind: "unix", path: "/run/php.sock" },
    connections: 8,
    script: "/app/task.php",
    params: {},
    ...changes,
  };
}

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
    process: processDefaults,
    cgroup: null,
    stopSignal: "SIGTERM",
    stopTimeoutMs: 30_000,
    restart: restartDefaults,
    recycle: { maxLifetimeMs: null, maxMemoryBytes: null, maxIdleMs: null },
    liveness: { pingTimeoutMs: null, maxMessageTimeMs: null, noProgressMs: null },
    ready: { when: "started" },
    logs: { format: "auto", fields: {}, maxLineBytes: 1_048_576, partialFlushMs: null },
    tasks: null,
    hooks: [],
    mtime: null,
    origin: "file",
    ...changes,
  };
}

/** A size that follows the busy share at once, without cool-downs; `changes` win. */
export function autoscaled(min: number, max: number, changes: Partial<ScalingSpec> = {}): SizeSpec {
  const quick = {
    smoothingWindowMs: 1_000,
    scaleUpCooldownMs: 0,
    scaleDownCooldownMs: 0,
    scaleUpStep: 100,
    scaleDownStep: 100,
  };
  const strategy = { type: "utilization", target: 0.7, scaleUpThreshold: 0.7, scaleDownThreshold: 0.35 } as const;
  return { kind: "autoscaled", min, max, scaling: scalingSpec({ ...quick, strategy, ...changes }) };
}

/** A farm of these consumers. */
export function farmSpec(consumers: readonly ConsumerSpec[], changes: Partial<FarmSpec> = {}): FarmSpec {
  return {
    file: "/pm.yaml",
    shutdownTimeoutMs: 30_000,
    totalCap: null,
    autoscalerIntervalMs: 10_000,
    hostBrake: true,
    http: null,
    messageMetrics: { enabled: true, whitelist: [], durationBucketsSeconds: [1] },
    onSlowSink: "block",
    control: null,
    taskServer: null,
    reloadOnChange: false,
    source: null,
    cluster: null,
    hooks: [],
    consumers,
    ...changes,
  };
}
