import { dirname, resolve } from "node:path";
import type { ConsumerSpec, FarmSpec, SizeSpec } from "../core/farm/spec.ts";
import type { Identity } from "./accounts.ts";
import { dampingOf } from "./damping-keys.ts";
import type { FarmValues } from "./farm-keys.ts";
import type { FilledConsumer } from "./fill-consumer.ts";
import { hooksOf } from "./hook-keys.ts";
import { presets } from "./presets.ts";
import { cgroupOf, processOf } from "./process-keys.ts";
import { tasksOf } from "./task-spec.ts";

/** The farm that filled values describe, around those `parts` that are read by themselves. `file` is absolute. */
export function toFarmSpec(
  values: FarmValues,
  parts: Pick<FarmSpec, "consumers" | "source" | "cluster">,
  file: string,
): FarmSpec {
  const { messages } = values.metrics;
  return {
    file,
    shutdownTimeoutMs: values.shutdown_timeout,
    totalCap: values.total_cap,
    autoscalerIntervalMs: values.autoscaler_interval_sec,
    hostBrake: values.host_brake,
    http: values.http_server,
    messageMetrics: {
      enabled: messages.enabled,
      whitelist: messages.whitelist,
      durationBucketsSeconds: [...new Set(messages.duration_buckets)].toSorted((a, b) => a - b),
    },
    onSlowSink: values.logs.on_slow_sink,
    control: controlOf(values.control, dirname(file)),
    taskServer: values.task_server,
    reloadOnChange: values.reload_on_change,
    hooks: hooksOf(values.hooks),
    ...parts,
  };
}

/** One consumer under its name. */
export function toConsumerSpec(name: string, values: FilledConsumer, identity: Identity): ConsumerSpec {
  const preset = values.preset === null ? null : presets[values.preset];
  return {
    name,
    command: values.argv,
    preset: values.preset,
    transports: values.transports ?? [],
    size: sizeOf(values),
    cwd: values.cwd,
    env: Object.fromEntries(values.env),
    uid: identity.uid,
    gid: identity.gid,
    process: processOf(values, identity),
    cgroup: cgroupOf(values),
    stopSignal: values.stop_signal,
    stopTimeoutMs: values.stop_timeout,
    restart: {
      policy: values.restart,
      minUptimeMs: values.min_uptime,
      successCodes: [...(preset?.successCodes ?? []), ...values.exit_codes.success],
      neverRestartCodes: values.exit_codes.never_restart,
      failureLimit: values.failure_limit,
      failureWindowMs: values.failure_window,
      backoffBaseMs: values.backoff_base,
      backoffMaxMs: values.backoff_max,
      backoffJitter: values.backoff_jitter,
      onFailureLimit: values.on_failure_limit,
      essential: values.essential,
    },
    recycle: { maxLifetimeMs: values.max_lifetime, maxMemoryBytes: values.max_memory, maxIdleMs: values.max_idle },
    liveness: {
      pingTimeoutMs: values.liveness.ping_timeout,
      maxMessageTimeMs: values.liveness.max_message_time,
      noProgressMs: values.liveness.no_progress,
    },
    ready: values.ready,
    logs: {
      format: values.logs.format,
      fields: Object.fromEntries(values.logs.fields),
      maxLineBytes: values.logs.max_line,
      partialFlushMs: values.logs.partial_flush,
    },
    tasks: values.tasks === null ? null : tasksOf(values.tasks),
    hooks: hooksOf(values.hooks),
    mtime: null,
    origin: "file",
  };
}

function controlOf(control: FarmValues["control"], directory: string): FarmSpec["control"] {
  if (control === null) return null;
  const { socket, mode } = control;
  return {
    socket: socket === null ? null : resolve(directory, socket),
    mode: Number.parseInt(mode.replace("0o", ""), 8),
  };
}

function sizeOf({ autoscaler, processes }: FilledConsumer): SizeSpec {
  if (autoscaler === null) return { kind: "static", processes: processes ?? 0 };
  return {
    kind: "autoscaled",
    min: autoscaler.min,
    max: autoscaler.max,
    scaling: {
      priority: autoscaler.priority,
      smoothingWindowMs: autoscaler.smoothing_window_sec,
      scaleUpCooldownMs: autoscaler.scale_up_cooldown_sec,
      scaleDownCooldownMs: autoscaler.scale_down_cooldown_sec,
      scaleUpStep: autoscaler.scale_up_step,
      scaleDownStep: autoscaler.scale_down_step,
      strategy: autoscaler.strategy,
      damping: dampingOf(autoscaler.damping),
    },
  };
}
