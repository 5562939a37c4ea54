import type { Decision } from "../scaling/load.ts";
import { exitCodeOf } from "../supervision/exit.ts";
import type { MessageFact, PmEvent, RestartReason, StopCause, WorkerRef } from "./events.ts";
import type { OperationRequest, ReloadOutcome, Requester } from "./operations.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";

/** One record of pm's own log. */
export interface LogRecord {
  readonly level: LogLevel;
  /** A sentence that never varies but by the name of a signal, so that it can be searched and alerted on. */
  readonly message: string;
  /** snake_case, units in the names, durations in seconds; in the order to be shown. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** What pm writes of an event. Every event has a record; pongs and messages are `debug`. */
export function toRecord(event: PmEvent): LogRecord {
  switch (event.type) {
    case "farm_started":
      return info("Process manager server started.", { workers: event.workers, consumers: event.consumers });
    case "http_listening":
      return info("HTTP server listening.", { address: event.address });
    case "task_server_listening":
      return info("Task server listening.", { address: event.address });
    case "task_problem":
      return warning("Task protocol violated.", {
        consumer: event.consumer,
        ...known({ worker: event.offender }),
        kind: event.kind,
        said: event.excerpt,
        count: event.count,
      });
    case "notice":
      return record(event.level, event.message, event.context);
    case "shutting_down":
      return info("Process manager shutting down.", {
        reason: event.reason,
        ...known({ signal: event.signal, by: event.who?.by ?? null }),
      });
    case "farm_stopped":
      return info("Process manager stopped.", { exit_code: event.exitCode });
    case "consumer_degraded":
      return warning("Consumer degraded.", { consumer: event.consumer, worker: event.worker });
    case "consumer_recovered":
      return info("Consumer recovered.", { consumer: event.consumer });
    case "consumer_parked":
      return error("Consumer parked.", { consumer: event.consumer, reason: event.reason });
    case "scaling_decided":
      return scaling(event.decision);
    case "scaling_source_failed":
      return warning("Autoscaler source failed.", { consumer: event.consumer, error: event.error });
    case "scaling_source_recovered":
      return info("Autoscaler source recovered.", { consumer: event.consumer });
    case "control_listening":
      return info("Control socket listening.", { socket: event.socket });
    case "operation_started":
      return debug("Operation started.", asked(event.request, event.who));
    case "operation_ended":
      return operation(event);
    case "reloaded":
      return reload(event);
    case "consumer_added":
      return info("Consumer added.", { consumer: event.consumer, transports: event.transports });
    case "consumer_removed":
      return info("Consumer removed.", { consumer: event.consumer });
    case "source_failed":
      return warning("Consumer source failed.", { error: event.error });
    case "source_recovered":
      return info("Consumer source recovered.", {});
    case "entry_rejected":
      return warning("Consumer definition rejected.", {
        consumer: event.consumer,
        error: event.error,
        kept: event.kept,
      });
    default:
      return workerRecord(event);
  }
}

/** Only a change is worth a line; why a size stays is for `pm explain` and the metrics. */
function scaling(decision: Decision): LogRecord {
  const { consumer, previous, target, desired, allocated, reason } = decision;
  const context = { consumer, previous, target, desired, allocated };
  if (target === previous) return debug("Autoscaler kept target.", { ...context, reason });
  return info("Autoscaler adjusted target.", { ...context, direction: target > previous ? "up" : "down", reason });
}

/** Who may ask decides nothing about the level: a request that came to nothing is worth a warning whoever made it. */
function operation({ who, request, outcome }: Extract<PmEvent, { type: "operation_ended" }>): LogRecord {
  const context = { ...asked(request, who), result: outcome.result, outcome: outcome.message };
  return outcome.result === "done" || outcome.result === "accepted"
    ? info("Operation finished.", context)
    : warning("Operation failed.", context);
}

function asked(request: OperationRequest, who: Requester): LogRecord["context"] {
  const { maxUnavailable, ...rest } = { maxUnavailable: null, ...request };
  return known({ ...rest, max_unavailable: maxUnavailable, ...who });
}

function reload({ who, outcome }: Extract<PmEvent, { type: "reloaded" }>): LogRecord {
  const context = { ...known({ ...who }), outcome: outcome.message };
  const [level, message] = reloadTexts[outcome.result];
  return record(level, message, {
    ...context,
    ...(outcome.problems.length === 0 ? {} : { problems: outcome.problems }),
  });
}

const reloadTexts = {
  done: ["info", "Configuration reloaded."],
  planned: ["debug", "Reload planned."],
  rejected: ["error", "Configuration rejected."],
  failed: ["error", "Reload failed."],
  conflict: ["warning", "Reload refused."],
} as const satisfies Record<ReloadOutcome["result"], readonly [LogLevel, string]>;

type WorkerEvent = Extract<PmEvent, WorkerRef>;

function workerRecord(event: WorkerEvent): LogRecord {
  const who = { worker: event.worker, consumer: event.consumer };
  switch (event.type) {
    case "worker_started":
      return info("Worker started.", { ...who, transports: event.transports, pid: event.pid });
    case "worker_ready":
      return debug("Worker ready.", { ...who, after_seconds: seconds(event.afterMs) });
    case "worker_not_started":
      return error("Worker could not be started.", { ...who, error: event.message });
    case "worker_exited":
      return info("Worker exited.", {
        ...who,
        pid: event.pid,
        exit_code: exitCodeOf(event.exit),
        ...known({ signal: event.exit.kind === "signaled" ? event.exit.signal : null }),
        uptime_seconds: seconds(event.uptimeMs),
        ...known({ reason: event.cause }),
      });
    case "worker_restarting":
      return restarting(event);
    case "failure_limit_reached":
      return error("Worker failure limit reached.", { ...who, failures: event.failures, answer: event.answer });
    case "worker_parked":
      return error("Worker parked.", { ...who, exit_code: event.exitCode });
    case "worker_finished":
      return info("Worker finished.", { ...who, exit_code: event.exitCode });
    case "worker_stopping":
      return record(isHung(event.cause) ? "warning" : "info", `Sent ${event.signal} to worker.`, {
        ...who,
        pid: event.pid,
        reason: event.cause,
      });
    case "worker_killed":
      return killed(event);
    case "message":
      return debug(messageTexts[event.event], { ...who, ...messageContext(event) });
    case "messages_lost":
      return warning("Messages in flight lost.", { ...who, transport: event.transport, count: event.count });
    case "pong":
      return debug("Pong received.", who);
    case "worker_stopped":
      return info("Worker stopped.", who);
    case "worker_paused":
      return info("Worker paused.", who);
    case "worker_resumed":
      return info("Worker resumed.", who);
    case "worker_gone":
      return debug("Worker gone.", who);
    default:
      return ipcError(event);
  }
}

function ipcError({ worker, consumer, kind }: Extract<PmEvent, { type: "ipc_error" }>): LogRecord {
  return kind === "send_failed"
    ? warning("Failed to write IPC message to worker.", { worker, consumer })
    : debug("IPC message of worker not understood.", { worker, consumer, reason: kind }); // counted: a worker can send thousands
}

function restarting(event: Extract<PmEvent, { type: "worker_restarting" }>): LogRecord {
  const { worker, consumer, reason, attempt } = event;
  const context = { worker, consumer, delay_seconds: seconds(event.delayMs), attempt, reason };
  return isExpected(reason)
    ? info("Worker restarting after expected exit.", context)
    : warning("Worker restarting after unexpected exit.", context);
}

function isExpected(reason: RestartReason): boolean {
  return expectedReasons.has(reason);
}

const expectedReasons: ReadonlySet<RestartReason> = new Set([
  "exit_success",
  "restart",
  "reload",
  "max_lifetime",
  "max_memory",
  "max_idle",
  "max_tasks",
]);

function isHung(cause: StopCause): boolean {
  return hungCauses.has(cause);
}

const hungCauses: ReadonlySet<StopCause> = new Set([
  "ping_timeout",
  "max_message_time",
  "no_progress",
  "task_stuck",
  "task_broken",
]);

function killed(event: Extract<PmEvent, { type: "worker_killed" }>): LogRecord {
  const { worker, consumer, pid, cause } = event;
  if (event.forced) return warning("Sent SIGKILL to worker after second stop signal.", { worker, consumer, pid });
  const context = { worker, consumer, pid, timeout_seconds: seconds(event.timeoutMs) };
  return cause === "shutdown"
    ? warning("Sent SIGKILL to worker after shutdown timeout.", context)
    : warning("Sent SIGKILL to worker after stop timeout.", { ...context, reason: cause });
}

const messageTexts = {
  received: "Message received.",
  handled: "Message handled.",
  failed: "Message failed.",
  retried: "Message retried.",
} as const;

function messageContext(fact: MessageFact): LogRecord["context"] {
  return {
    transport: fact.transport,
    message_class: fact.class,
    ...known({ message_id: fact.id, duration_seconds: fact.durationSeconds, error_class: fact.errorClass }),
  };
}

/** Without the members that are null. */
function known(context: LogRecord["context"]): LogRecord["context"] {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== null));
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

function record(level: LogLevel, message: string, context: LogRecord["context"]): LogRecord {
  return { level, message, context };
}

const debug = (message: string, context: LogRecord["context"]): LogRecord => record("debug", message, context);
const info = (message: string, context: LogRecord["context"]): LogRecord => record("info", message, context);
const warning = (message: string, context: LogRecord["context"]): LogRecord => record("warning", message, context);
const error = (message: string, context: LogRecord["context"]): LogRecord => record("error", message, context);
