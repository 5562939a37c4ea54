import type { IpcErrorKind, PmEvent, RestartReason } from "../core/farm/events.ts";
import { exitCodeOf } from "../core/supervision/exit.ts";
import type { Registry } from "./series.ts";

const restartReasons = Object.keys({
  exit_success: true,
  exited_too_soon: true,
  exit_failure: true,
  signal: true,
  spawn_failed: true,
  restart: true,
  reload: true,
  max_lifetime: true,
  max_memory: true,
  max_idle: true,
  ping_timeout: true,
  max_message_time: true,
  no_progress: true,
  task_stuck: true,
  task_broken: true,
  max_tasks: true,
} satisfies Record<RestartReason, true>);

const ipcErrorKinds = Object.keys({
  malformed: true,
  oversized: true,
  unknown_type: true,
  send_failed: true,
} satisfies Record<IpcErrorKind, true>);

/** Counters of what happens to workers and to the farm; those of a consumer start at 0 for every value known beforehand. */
export function createLifecycleCounters(registry: Registry): {
  open(consumer: string): void;
  record(event: PmEvent): void;
} {
  const starts = registry.counter("worker_starts_total", "Worker processes started.", "consumer");
  const exits = registry.counter(
    "worker_exits_total",
    "Worker processes that ended, by exit code; death by signal n counts as 128+n.",
    "consumer",
    "exit_code",
  );
  const failures = registry.counter(
    "worker_failures_total",
    "Worker processes that ended unasked and without success, or could not be started.",
    "consumer",
  );
  const backoffs = registry.counter("worker_backoffs_total", "Restarts of a worker that were delayed.", "consumer");
  const restarts = registry.counter("worker_restarts_total", "Restarts of a worker, by reason.", "consumer", "reason");
  const sigkills = registry.counter("worker_sigkills_total", "Workers killed because they did not stop in time.");
  const ipcErrors = registry.counter(
    "pm_ipc_errors_total",
    "Frames between pm and its workers that were lost or not understood.",
    "consumer",
    "kind",
  );
  const reloads = registry.counter("pm_config_reloads_total", "Reloads of the configuration, by result.", "result");

  for (const result of ["success", "failure"]) reloads.inc({ result }, 0);

  return {
    open(consumer) {
      for (const each of [starts, failures, backoffs]) each.inc({ consumer }, 0);
      exits.inc({ consumer, exit_code: "0" }, 0);
      for (const reason of restartReasons) restarts.inc({ consumer, reason }, 0);
      for (const kind of ipcErrorKinds) ipcErrors.inc({ consumer, kind }, 0);
    },
    record(event) {
      switch (event.type) {
        case "worker_started":
          starts.inc({ consumer: event.consumer });
          return;
        case "worker_not_started":
          failures.inc({ consumer: event.consumer });
          return;
        case "worker_exited":
          exits.inc({ consumer: event.consumer, exit_code: String(exitCodeOf(event.exit)) });
          if (event.failed) failures.inc({ consumer: event.consumer });
          return;
        case "worker_restarting":
          restarts.inc({ consumer: event.consumer, reason: event.reason });
          if (event.delayMs > 0) backoffs.inc({ consumer: event.consumer });
          return;
        case "worker_killed":
          sigkills.inc({});
          return;
        case "reloaded":
          if (event.outcome.result !== "planned") {
            reloads.inc({ result: event.outcome.result === "done" ? "success" : "failure" });
          }
          return;
        case "ipc_error":
          ipcErrors.inc({ consumer: event.consumer, kind: event.kind });
          return;
        default:
      }
    },
  };
}
