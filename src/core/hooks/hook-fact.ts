import type { PmEvent, WorkerRef } from "../farm/events.ts";
import type { HookEvent } from "../farm/spec.ts";
import { describeExit, type ExitReason } from "../supervision/exit.ts";
import type { ReplaceCause } from "../supervision/replace.ts";

/** Something a hook can be told of, in words and in values. */
export interface HookFact {
  readonly on: HookEvent;
  /** Null where it is about the whole farm; the worker's members are null where it is about no single one. */
  readonly consumer: string | null;
  readonly worker: number | null;
  readonly slot: number | null;
  readonly pid: number | null;
  readonly exit: ExitReason | null;
  /** One line, without a full stop. */
  readonly message: string;
  /** What this kind of event has beside all that; snake_case, durations in seconds. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What hooks are told of an event: mostly nothing. A worker killed at its deadline is two facts, `drain_stuck` and `worker_killed`. */
export function hookFactsOf(event: PmEvent): readonly HookFact[] {
  switch (event.type) {
    case "farm_started":
      return [aboutFarm("farm_started", "the farm has started", { workers: event.workers })];
    case "shutting_down":
      return [farmStopping(event)];
    case "reloaded":
      return reloadFailed(event);
    case "consumer_parked":
      return [
        aboutConsumer("consumer_parked", event.consumer, `${event.consumer} is parked: ${event.reason}`, {
          reason: event.reason,
        }),
      ];
    case "consumer_recovered":
      return [aboutConsumer("consumer_recovered", event.consumer, `${event.consumer} has recovered`)];
    case "scaling_decided":
      return scaledByRule(event.decision);
    case "operation_ended":
      return scaledByHand(event);
    case "worker_exited":
    case "worker_not_started":
    case "failure_limit_reached":
    case "worker_stopping":
    case "worker_killed":
    case "messages_lost":
      return aboutWorkers(event);
    default:
      return [];
  }
}

/** A worker is told to stop, has no deadline, and is still there after so long. */
export function waitsForEver(ref: WorkerRef, pid: number, waitedMs: number): HookFact {
  const message = `${nameOf(ref)} has not stopped for ${seconds(waitedMs)} s, and nothing will kill it, since its stop_timeout is 0`;
  return aboutWorker("drain_stuck", ref, message, { timeout_seconds: 0 }, { pid });
}

type WorkerFact = Extract<
  PmEvent,
  {
    type:
      | "worker_exited"
      | "worker_not_started"
      | "failure_limit_reached"
      | "worker_stopping"
      | "worker_killed"
      | "messages_lost";
  }
>;

function aboutWorkers(event: WorkerFact): readonly HookFact[] {
  const who = nameOf(event);
  switch (event.type) {
    case "worker_exited": {
      if (!event.failed) return [];
      const { exit, pid, uptimeMs } = event;
      const message = `${who} failed after ${seconds(uptimeMs)} s: ${describeExit(exit)}`;
      return [aboutWorker("worker_failed", event, message, { uptime_seconds: seconds(uptimeMs) }, { pid, exit })];
    }
    case "worker_not_started": {
      const message = `${who} could not be started: ${event.message}`;
      return [aboutWorker("worker_failed", event, message, { error: event.message })];
    }
    case "failure_limit_reached": {
      const message = `${who} is over its failure limit with ${event.failures} failures: ${limitAnswers[event.answer]}`;
      return [aboutWorker("limit_reached", event, message, { failures: event.failures, answer: event.answer })];
    }
    case "worker_stopping": {
      const { cause, pid } = event;
      if (!isReplaceCause(cause)) return [];
      const message = `${who} is replaced: ${replaceWords[cause]}`;
      return [aboutWorker("worker_replaced", event, message, { reason: cause }, { pid })];
    }
    case "worker_killed":
      return killed(event);
    case "messages_lost": {
      const { transport, count } = event;
      const message = `${who} ended with ${counted(count, "message")} of ${transport} in flight`;
      return [aboutWorker("messages_lost", event, message, { transport, count })];
    }
  }
}

const limitAnswers = {
  retry: "pm goes on at the longest delay",
  park: "its consumer is parked",
  exit: "pm stops the farm",
} as const satisfies Record<Extract<PmEvent, { type: "failure_limit_reached" }>["answer"], string>;

const replaceWords: Readonly<Record<ReplaceCause, string>> = {
  max_lifetime: "it has lived for its max_lifetime",
  max_memory: "it holds more than its max_memory",
  max_idle: "it had no work for its max_idle",
  ping_timeout: "it hangs, having left a ping unanswered for its ping_timeout",
  max_message_time: "it hangs, having been at one message for its max_message_time",
  no_progress: "it hangs, having shown no progress for its no_progress",
  task_stuck: "it hangs, not having let go of a task that was called off or over its timeout",
  task_broken: "it can be handed no more tasks",
  max_tasks: "it has done its max_tasks",
};

function isReplaceCause(cause: string): cause is ReplaceCause {
  return Object.hasOwn(replaceWords, cause);
}

function killed(event: Extract<PmEvent, { type: "worker_killed" }>): readonly HookFact[] {
  const { pid, cause, forced } = event;
  const who = nameOf(event);
  const limit = seconds(event.timeoutMs);
  const details = { cause, timeout_seconds: limit, forced };
  if (forced) {
    return [aboutWorker("worker_killed", event, `${who} was killed after a second stop signal`, details, { pid })];
  }
  const late = `${who} had not stopped within ${limit} s`;
  return [
    aboutWorker("drain_stuck", event, late, details, { pid }),
    aboutWorker("worker_killed", event, `${late} and was killed`, details, { pid }),
  ];
}

function farmStopping({ reason, signal }: Extract<PmEvent, { type: "shutting_down" }>): HookFact {
  const message = `the farm is stopping: ${signal ?? reason.replaceAll("_", " ")}`;
  return aboutFarm("farm_stopping", message, { reason, signal });
}

function reloadFailed({ who, outcome }: Extract<PmEvent, { type: "reloaded" }>): readonly HookFact[] {
  const { result, message, problems } = outcome;
  if (result !== "rejected" && result !== "failed") return [];
  const details = { result, by: who.by, problems: problems.slice(0, 20) };
  return [aboutFarm("reload_failed", `the reload by ${who.by} ${words[result]}: ${message}`, details)];
}

const words = { rejected: "was rejected", failed: "failed" } as const;

function scaledByRule(decision: Extract<PmEvent, { type: "scaling_decided" }>["decision"]): readonly HookFact[] {
  const { consumer, previous: from, target: to, reason } = decision;
  if (from === to) return [];
  const message = `${consumer} goes from ${from} to ${counted(to, "worker")}: ${reason}`;
  return [aboutConsumer("scaled", consumer, message, { from, to, reason })];
}

function scaledByHand(event: Extract<PmEvent, { type: "operation_ended" }>): readonly HookFact[] {
  const { request, outcome, who } = event;
  if ((request.action !== "scale" && request.action !== "scale_auto") || outcome.result !== "done") return [];
  const to = request.action === "scale" ? request.size : null;
  const details = { to, by: who.by, reason: who.reason };
  return [aboutConsumer("scaled", request.consumer, `${outcome.message}, by ${who.by}`, details)];
}

const nobody = { consumer: null, worker: null, slot: null, pid: null, exit: null } as const;

function aboutFarm(on: HookEvent, message: string, details: HookFact["details"]): HookFact {
  return { ...nobody, on, message: oneLine(message), details };
}

function aboutConsumer(on: HookEvent, consumer: string, message: string, details: HookFact["details"] = {}): HookFact {
  return { ...nobody, on, consumer, message: oneLine(message), details };
}

function aboutWorker(
  on: HookEvent,
  { worker, slot, consumer }: WorkerRef,
  message: string,
  details: HookFact["details"],
  more: { readonly pid?: number; readonly exit?: ExitReason } = {},
): HookFact {
  return { ...nobody, on, worker, slot, consumer, message: oneLine(message), details, ...more };
}

const nameOf = ({ worker, consumer }: WorkerRef): string => `worker ${worker} of ${consumer}`;
const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
const seconds = (ms: number): number => Math.round(ms) / 1000;

/** A message also goes into an environment variable and a chat: bounded, and without what steers a terminal. */
const maxMessageLength = 500;

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return line.length > maxMessageLength ? `${line.slice(0, maxMessageLength - 1)}…` : line;
}
