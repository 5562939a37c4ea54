import { describeExit } from "../supervision/exit.ts";
import type { PmEvent, RestartReason, ShutdownReason, StopCause, WorkerRef } from "./events.ts";
import { plural, took } from "./operation-text.ts";
import type { OperationOutcome, OperationRequest, ReloadOutcome, Requester } from "./operations.ts";

/** One entry of `pm events`: who or what changed what, and why. */
export interface AuditEntry {
  /** Ascending from 1, without gaps, for the life of pm. */
  readonly id: number;
  readonly atEpochMs: number;
  /** Who acted: a person's name, `autoscaler`, `pm` (supervision), `SIGHUP`, `file change`, `source`. */
  readonly who: string;
  readonly kind: AuditKind;
  readonly consumer: string | null;
  readonly worker: number | null;
  /** One line for people, the consumer's name not repeated. */
  readonly message: string;
  /** Null when there is none beside the message. */
  readonly why: string | null;
}

/** What happened. More may come; none is renamed. */
export type AuditKind =
  | "farm_started"
  | "farm_stopping"
  | "farm_stopped"
  | "started"
  | "stopped"
  | "restarted"
  | "restart_begun"
  | "paused"
  | "resumed"
  | "scaled"
  | "signaled"
  | "operation_failed"
  | "reloaded"
  | "reload_rejected"
  | "reload_failed"
  | "consumer_added"
  | "consumer_removed"
  | "consumer_degraded"
  | "consumer_recovered"
  | "consumer_parked"
  | "worker_failed"
  | "worker_restarting"
  | "worker_parked"
  | "worker_finished"
  | "worker_replaced"
  | "worker_killed"
  | "limit_reached"
  | "messages_lost"
  | "source_failed"
  | "source_recovered"
  | "entry_rejected"
  | "notice";

/** An entry without what only the trail knows. */
export type AuditDraft = Omit<AuditEntry, "id" | "atEpochMs">;

/**
 * What the trail keeps of an event: all that changed the farm, or says why it changed. Null for the rest: messages, signs of life, a
 * worker that is ready, a useful clean exit and the start that follows it, and each single step of what somebody asked for.
 */
export function toAudit(event: PmEvent): AuditDraft | null {
  switch (event.type) {
    case "farm_started":
      return farm("farm_started", `pm started ${plural(event.workers, "worker")}`);
    case "shutting_down":
      return {
        ...farm("farm_stopping", "pm stops its workers"),
        who: event.signal ?? event.who?.by ?? "pm",
        why: event.who?.reason ?? endings[event.reason],
      };
    case "farm_stopped":
      return farm("farm_stopped", `pm ended with exit code ${event.exitCode}`);
    case "notice":
      return event.level === "info" ? null : { ...farm("notice", event.message), why: errorOf(event.context) };
    case "operation_started":
      return begun(event.who, event.request);
    case "operation_ended":
      return operation(event.who, event.request, event.outcome);
    case "reloaded":
      return reload(event.who, event.outcome);
    case "consumer_added":
      return pool("pm", "consumer_added", event.consumer, "added to the farm");
    case "consumer_removed":
      return pool("pm", "consumer_removed", event.consumer, "removed; its last process has gone");
    case "consumer_degraded":
      return {
        ...pool("pm", "consumer_degraded", event.consumer, "degraded"),
        worker: event.worker,
        why: "a worker is over its failure limit",
      };
    case "consumer_recovered":
      return pool("pm", "consumer_recovered", event.consumer, "recovered");
    case "consumer_parked":
      return pool("pm", "consumer_parked", event.consumer, "parked until somebody starts it", event.reason);
    case "source_failed":
      return { ...farm("source_failed", "the source of consumers failed", event.error), who: "source" };
    case "source_recovered":
      return { ...farm("source_recovered", "the source of consumers works again"), who: "source" };
    case "entry_rejected":
      return pool("source", "entry_rejected", event.consumer, rejected(event.kept), event.error);
    case "scaling_source_failed":
      return pool("autoscaler", "source_failed", event.consumer, "a source of the autoscaler failed", event.error);
    case "scaling_source_recovered":
      return pool("autoscaler", "source_recovered", event.consumer, "the source of the autoscaler works again");
    case "scaling_decided": {
      const { consumer, previous, target, desired, allocated, reason } = event.decision;
      if (previous === target) return null;
      return pool(
        "autoscaler",
        "scaled",
        consumer,
        sizes(previous, target),
        `${reason}: ${desired} wanted, ${allocated} granted`,
      );
    }
    default:
      return "worker" in event ? ofWorker(event) : null;
  }
}

function ofWorker(event: Extract<PmEvent, WorkerRef>): AuditDraft | null {
  const entry = (kind: AuditKind, message: string, why: string | null = null): AuditDraft => ({
    ...pool("pm", kind, event.consumer, message, why),
    worker: event.worker,
  });
  switch (event.type) {
    case "worker_exited":
      return event.failed ? entry("worker_failed", `${describeExit(event.exit)} after ${took(event.uptimeMs)}`) : null;
    case "worker_not_started":
      return entry("worker_failed", `could not be started: ${event.message}`);
    case "worker_restarting": {
      const why = delays[event.reason];
      if (why === undefined) return null;
      const when = event.delayMs === 0 ? "starts again at once" : `starts again in ${took(event.delayMs)}`;
      return entry("worker_restarting", when, event.attempt > 1 ? `${why}, failure ${event.attempt}` : why);
    }
    case "failure_limit_reached":
      return entry("limit_reached", `${plural(event.failures, "failure")} within the window`, answers[event.answer]);
    case "worker_parked":
      return entry("worker_parked", `parked after exit code ${event.exitCode}`);
    case "worker_finished":
      return entry("worker_finished", `finished with exit code ${event.exitCode}`);
    case "worker_stopping": {
      const why = replacements[event.cause];
      return why === undefined ? null : entry("worker_replaced", "is replaced", why);
    }
    case "worker_killed":
      return event.forced
        ? entry("worker_killed", "killed", "a second signal to pm")
        : entry("worker_killed", `killed: still there ${took(event.timeoutMs)} after the stop signal`, event.cause);
    case "messages_lost":
      return entry(
        "messages_lost",
        `${plural(event.count, "message")} of ${event.transport} lost`,
        "its process ended",
      );
    default:
      return null;
  }
}

const endings: Readonly<Record<ShutdownReason, string>> = {
  signal: "asked to",
  request: "asked to",
  failure_limit: "a consumer reached its failure limit",
  essential: "an essential consumer has given up",
  completed: "all workers have finished",
  internal_error: "a bug of pm",
};

const answers = {
  retry: "tried again at the longest delay",
  park: "the consumer is parked",
  exit: "pm stops",
} as const;

/** Only what went wrong: the other restarts are told by what caused them. */
const delays: Readonly<Partial<Record<RestartReason, string>>> = {
  exited_too_soon: "it ended too soon and without work",
  exit_failure: "it failed",
  signal: "a signal ended it",
  spawn_failed: "it could not be started",
};

const replacements: Readonly<Partial<Record<StopCause, string>>> = {
  max_lifetime: "max_lifetime reached",
  max_memory: "over max_memory",
  max_idle: "max_idle reached",
  ping_timeout: "no answer to a ping",
  max_message_time: "too long at one message",
  no_progress: "no progress",
  task_stuck: "a task it did not let go of",
  task_broken: "no task can be handed to it",
  max_tasks: "max_tasks reached",
};

/** What it is called when it is done. */
const done = {
  start: "started",
  stop: "stopped",
  restart: "restarted",
  rolling_restart: "restarted",
  pause: "paused",
  resume: "resumed",
  scale: "scaled",
  scale_auto: "scaled",
  signal: "signaled",
} as const satisfies Record<OperationRequest["action"], AuditKind>;

/** A rolling restart may take an hour, and what it does should not stand before it in the trail. */
function begun({ by, reason }: Requester, request: OperationRequest): AuditDraft | null {
  if (request.action !== "rolling_restart") return null;
  return pool(by, "restart_begun", request.consumer, `rolling restart, ${request.maxUnavailable} at a time`, reason);
}

/** Whoever named a consumer or slot that is not there changed nothing. */
function operation({ by, reason }: Requester, request: OperationRequest, outcome: OperationOutcome): AuditDraft | null {
  const { action, consumer } = request;
  if (outcome.result === "unknown_consumer" || outcome.result === "unknown_slot") return null;
  const isDone = outcome.result === "done" || outcome.result === "accepted";
  const message = outcome.message.startsWith(`${consumer}: `)
    ? outcome.message.slice(consumer.length + 2)
    : outcome.message;
  return isDone
    ? pool(by, done[action], consumer, message, reason)
    : pool(by, "operation_failed", consumer, `not ${done[action]}: ${message}`, reason);
}

function reload({ by, reason }: Requester, { result, message, problems }: ReloadOutcome): AuditDraft | null {
  switch (result) {
    case "done":
      return { ...farm("reloaded", message, reason), who: by };
    case "rejected":
      return { ...farm("reload_rejected", message, problems[0] ?? reason), who: by };
    case "failed":
      return { ...farm("reload_failed", message, reason), who: by };
    default:
      return null; // nothing was done
  }
}

const sizes = (before: number, after: number): string => `${before} → ${plural(after, "worker")}`;

const rejected = (kept: boolean): string =>
  `its new definition is invalid${kept ? "; the last good one stays" : ", and there is none before it"}`;

function errorOf({ error }: Readonly<Record<string, unknown>>): string | null {
  return typeof error === "string" ? (error.split("\n", 1)[0] ?? null) : null;
}

function farm(kind: AuditKind, message: string, why: string | null = null): AuditDraft {
  return { who: "pm", kind, consumer: null, worker: null, message, why };
}

function pool(who: string, kind: AuditKind, consumer: string, message: string, why: string | null = null): AuditDraft {
  return { who, kind, consumer, worker: null, message, why };
}
