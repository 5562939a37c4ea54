import { describe, expect, test } from "bun:test";
import type { PmEvent } from "../../../src/core/farm/events.ts";
import type { Decision } from "../../../src/core/scaling/load.ts";
import { toRecord } from "../../../src/core/farm/log-record.ts";

const ref = { worker: 7, slot: 1, consumer: "async" } as const;
const who = { worker: 7, consumer: "async" };
const alice = { by: "alice", reason: "new code" } as const;
const fact = { transport: "async", class: "App\\Msg", id: null, durationSeconds: null, errorClass: null } as const;

const decision: Decision = {
  consumer: "async",
  atMs: 10_000,
  current: 1,
  busy: 0.9,
  queueDepth: null,
  desired: 5,
  allocated: 4,
  previous: 1,
  target: 1,
  reason: "cooldown_up",
  stages: [],
};

/** At least one of every type; the compiler names the one that is missing. */
const cases: {
  readonly [T in PmEvent["type"]]: readonly (readonly [Extract<PmEvent, { type: T }>, string, string, object])[];
} = {
  farm_started: [
    [
      { type: "farm_started", workers: 3, consumers: { async: ["async"] } },
      "info",
      "Process manager server started.",
      { workers: 3, consumers: { async: ["async"] } },
    ],
  ],
  http_listening: [
    [
      { type: "http_listening", address: "http://[::1]:9100" },
      "info",
      "HTTP server listening.",
      { address: "http://[::1]:9100" },
    ],
  ],
  task_server_listening: [
    [
      { type: "task_server_listening", address: "http://127.0.0.1:9101" },
      "info",
      "Task server listening.",
      { address: "http://127.0.0.1:9101" },
    ],
  ],
  worker_started: [
    [
      { type: "worker_started", ...ref, pid: 123, transports: ["async"] },
      "info",
      "Worker started.",
      { ...who, transports: ["async"], pid: 123 },
    ],
  ],
  worker_ready: [
    [{ type: "worker_ready", ...ref, afterMs: 1_500 }, "debug", "Worker ready.", { ...who, after_seconds: 1.5 }],
  ],
  worker_not_started: [
    [
      { type: "worker_not_started", ...ref, message: "no such program: php" },
      "error",
      "Worker could not be started.",
      { ...who, error: "no such program: php" },
    ],
  ],
  worker_exited: [
    [
      {
        type: "worker_exited",
        ...ref,
        pid: 123,
        exit: { kind: "exited", code: 1 },
        uptimeMs: 2_000.4,
        cause: null,
        failed: true,
      },
      "info",
      "Worker exited.",
      { ...who, pid: 123, exit_code: 1, uptime_seconds: 2 },
    ],
    [
      {
        type: "worker_exited",
        ...ref,
        pid: 123,
        exit: { kind: "signaled", signal: "SIGKILL", number: 9 },
        uptimeMs: 250,
        cause: "scale_down",
        failed: false,
      },
      "info",
      "Worker exited.",
      { ...who, pid: 123, exit_code: 137, signal: "SIGKILL", uptime_seconds: 0.25, reason: "scale_down" },
    ],
  ],
  worker_restarting: (
    [
      ["exit_success", "info", "expected"],
      ["max_lifetime", "info", "expected"],
      ["max_memory", "info", "expected"],
      ["max_idle", "info", "expected"],
      ["exited_too_soon", "warning", "unexpected"],
      ["exit_failure", "warning", "unexpected"],
      ["signal", "warning", "unexpected"],
      ["spawn_failed", "warning", "unexpected"],
      ["ping_timeout", "warning", "unexpected"],
      ["max_message_time", "warning", "unexpected"],
      ["no_progress", "warning", "unexpected"],
      ["task_stuck", "warning", "unexpected"],
      ["task_broken", "warning", "unexpected"],
      ["max_tasks", "info", "expected"],
    ] as const
  ).map(([reason, level, word]) => [
    { type: "worker_restarting", ...ref, reason, delayMs: 1_900, attempt: 2 },
    level,
    `Worker restarting after ${word} exit.`,
    { ...who, delay_seconds: 1.9, attempt: 2, reason },
  ]),
  failure_limit_reached: [
    [
      { type: "failure_limit_reached", ...ref, failures: 4, answer: "park" },
      "error",
      "Worker failure limit reached.",
      { ...who, failures: 4, answer: "park" },
    ],
  ],
  worker_parked: [
    [{ type: "worker_parked", ...ref, exitCode: 78 }, "error", "Worker parked.", { ...who, exit_code: 78 }],
  ],
  worker_finished: [
    [{ type: "worker_finished", ...ref, exitCode: 0 }, "info", "Worker finished.", { ...who, exit_code: 0 }],
  ],
  worker_stopping: [
    [
      { type: "worker_stopping", ...ref, cause: "shutdown", signal: "SIGTERM", pid: 123 },
      "info",
      "Sent SIGTERM to worker.",
      { ...who, pid: 123, reason: "shutdown" },
    ],
    [
      { type: "worker_stopping", ...ref, cause: "max_message_time", signal: "SIGQUIT", pid: 123 },
      "warning",
      "Sent SIGQUIT to worker.",
      { ...who, pid: 123, reason: "max_message_time" },
    ],
  ],
  worker_killed: [
    [
      { type: "worker_killed", ...ref, cause: "shutdown", timeoutMs: 30_000, pid: 123, forced: false },
      "warning",
      "Sent SIGKILL to worker after shutdown timeout.",
      { ...who, pid: 123, timeout_seconds: 30 },
    ],
    [
      { type: "worker_killed", ...ref, cause: "scale_down", timeoutMs: 500, pid: 123, forced: false },
      "warning",
      "Sent SIGKILL to worker after stop timeout.",
      { ...who, pid: 123, timeout_seconds: 0.5, reason: "scale_down" },
    ],
    [
      { type: "worker_killed", ...ref, cause: "shutdown", timeoutMs: 30_000, pid: 123, forced: true },
      "warning",
      "Sent SIGKILL to worker after second stop signal.",
      { ...who, pid: 123 },
    ],
  ],
  consumer_degraded: [
    [
      { type: "consumer_degraded", consumer: "async", worker: 7 },
      "warning",
      "Consumer degraded.",
      { consumer: "async", worker: 7 },
    ],
  ],
  consumer_recovered: [
    [{ type: "consumer_recovered", consumer: "async" }, "info", "Consumer recovered.", { consumer: "async" }],
  ],
  consumer_parked: [
    [
      { type: "consumer_parked", consumer: "async", reason: "failure limit reached" },
      "error",
      "Consumer parked.",
      { consumer: "async", reason: "failure limit reached" },
    ],
  ],
  scaling_decided: [
    [
      { type: "scaling_decided", decision: { ...decision, target: 3, reason: "scaled_up" } },
      "info",
      "Autoscaler adjusted target.",
      { consumer: "async", previous: 1, target: 3, desired: 5, allocated: 4, direction: "up", reason: "scaled_up" },
    ],
    [
      { type: "scaling_decided", decision: { ...decision, previous: 3, target: 2, reason: "scaled_down" } },
      "info",
      "Autoscaler adjusted target.",
      { consumer: "async", previous: 3, target: 2, desired: 5, allocated: 4, direction: "down", reason: "scaled_down" },
    ],
    [
      { type: "scaling_decided", decision },
      "debug",
      "Autoscaler kept target.",
      { consumer: "async", previous: 1, target: 1, desired: 5, allocated: 4, reason: "cooldown_up" },
    ],
  ],
  scaling_source_failed: [
    [
      { type: "scaling_source_failed", consumer: "async", error: "redis: connection refused" },
      "warning",
      "Autoscaler source failed.",
      { consumer: "async", error: "redis: connection refused" },
    ],
  ],
  scaling_source_recovered: [
    [
      { type: "scaling_source_recovered", consumer: "async" },
      "info",
      "Autoscaler source recovered.",
      { consumer: "async" },
    ],
  ],
  message: [
    [
      { type: "message", ...ref, ...fact, event: "received" },
      "debug",
      "Message received.",
      { ...who, transport: "async", message_class: "App\\Msg" },
    ],
    [
      { type: "message", ...ref, ...fact, event: "failed", id: "9", durationSeconds: 0.12, errorClass: "Oops" },
      "debug",
      "Message failed.",
      {
        ...who,
        transport: "async",
        message_class: "App\\Msg",
        message_id: "9",
        duration_seconds: 0.12,
        error_class: "Oops",
      },
    ],
    [
      { type: "message", ...ref, ...fact, event: "handled", durationSeconds: 0 },
      "debug",
      "Message handled.",
      { ...who, transport: "async", message_class: "App\\Msg", duration_seconds: 0 },
    ],
    [
      { type: "message", ...ref, ...fact, event: "retried" },
      "debug",
      "Message retried.",
      { ...who, transport: "async", message_class: "App\\Msg" },
    ],
  ],
  messages_lost: [
    [
      { type: "messages_lost", ...ref, transport: "async", count: 2 },
      "warning",
      "Messages in flight lost.",
      { ...who, transport: "async", count: 2 },
    ],
  ],
  pong: [[{ type: "pong", ...ref }, "debug", "Pong received.", who]],
  ipc_error: [
    [{ type: "ipc_error", ...ref, kind: "send_failed" }, "warning", "Failed to write IPC message to worker.", who],
    [
      { type: "ipc_error", ...ref, kind: "malformed" },
      "debug",
      "IPC message of worker not understood.",
      { ...who, reason: "malformed" },
    ],
  ],
  task_problem: [
    [
      { type: "task_problem", consumer: "thumbs", offender: 3, kind: "garbage", excerpt: "hello", count: 2 },
      "warning",
      "Task protocol violated.",
      { consumer: "thumbs", worker: 3, kind: "garbage", said: "hello", count: 2 },
    ],
    [
      { type: "task_problem", consumer: "thumbs", offender: null, kind: "broken", excerpt: "x", count: 1 },
      "warning",
      "Task protocol violated.",
      { consumer: "thumbs", kind: "broken", said: "x", count: 1 },
    ],
  ],
  notice: [
    [
      { type: "notice", level: "error", message: "Something to know.", context: { file: "pm.yaml" } },
      "error",
      "Something to know.",
      { file: "pm.yaml" },
    ],
  ],
  shutting_down: [
    [
      { type: "shutting_down", reason: "signal", signal: "SIGINT" },
      "info",
      "Process manager shutting down.",
      { reason: "signal", signal: "SIGINT" },
    ],
    [
      { type: "shutting_down", reason: "failure_limit", signal: null },
      "info",
      "Process manager shutting down.",
      { reason: "failure_limit" },
    ],
  ],
  control_listening: [
    [
      { type: "control_listening", socket: "/run/pm/x.sock" },
      "info",
      "Control socket listening.",
      { socket: "/run/pm/x.sock" },
    ],
  ],
  operation_started: [
    [
      {
        type: "operation_started",
        id: 1,
        who: alice,
        request: { action: "rolling_restart", consumer: "async", maxUnavailable: 2 },
      },
      "debug",
      "Operation started.",
      { action: "rolling_restart", consumer: "async", max_unavailable: 2, by: "alice", reason: "new code" },
    ],
  ],
  operation_ended: [
    [
      {
        type: "operation_ended",
        id: 1,
        who: alice,
        request: { action: "scale", consumer: "async", size: 3 },
        outcome: { result: "done", message: "async: 1 → 3 workers" },
      },
      "info",
      "Operation finished.",
      {
        action: "scale",
        consumer: "async",
        size: 3,
        by: "alice",
        reason: "new code",
        result: "done",
        outcome: "async: 1 → 3 workers",
      },
    ],
    [
      {
        type: "operation_ended",
        id: 2,
        who: { by: "bob", reason: null },
        request: { action: "restart", consumer: "async", slot: null },
        outcome: { result: "failed", message: "async: worker 3 failed" },
      },
      "warning",
      "Operation failed.",
      { action: "restart", consumer: "async", by: "bob", result: "failed", outcome: "async: worker 3 failed" },
    ],
  ],
  reloaded: (
    [
      ["done", "info", "Configuration reloaded.", []],
      ["planned", "debug", "Reload planned.", []],
      ["rejected", "error", "Configuration rejected.", ["pm.yaml:1:1: no"]],
      ["failed", "error", "Reload failed.", []],
      ["conflict", "warning", "Reload refused.", []],
    ] as const
  ).map(([result, level, message, problems]) => [
    {
      type: "reloaded",
      who: { by: "SIGHUP", reason: null },
      outcome: { result, message: "in words", problems, plan: null },
    },
    level,
    message,
    { by: "SIGHUP", outcome: "in words", ...(problems.length === 0 ? {} : { problems }) },
  ]),
  consumer_added: [
    [
      { type: "consumer_added", consumer: "mail", transports: ["mail"], autoscaled: false },
      "info",
      "Consumer added.",
      { consumer: "mail", transports: ["mail"] },
    ],
  ],
  consumer_removed: [
    [{ type: "consumer_removed", consumer: "mail" }, "info", "Consumer removed.", { consumer: "mail" }],
  ],
  source_failed: [
    [{ type: "source_failed", error: "exit code 1" }, "warning", "Consumer source failed.", { error: "exit code 1" }],
  ],
  source_recovered: [[{ type: "source_recovered" }, "info", "Consumer source recovered.", {}]],
  entry_rejected: [
    [
      { type: "entry_rejected", consumer: "mail", error: "command is missing", kept: true },
      "warning",
      "Consumer definition rejected.",
      { consumer: "mail", error: "command is missing", kept: true },
    ],
  ],
  worker_stopped: [[{ type: "worker_stopped", ...ref }, "info", "Worker stopped.", who]],
  worker_paused: [[{ type: "worker_paused", ...ref }, "info", "Worker paused.", who]],
  worker_resumed: [[{ type: "worker_resumed", ...ref }, "info", "Worker resumed.", who]],
  worker_gone: [[{ type: "worker_gone", ...ref }, "debug", "Worker gone.", who]],
  farm_stopped: [[{ type: "farm_stopped", exitCode: 1 }, "info", "Process manager stopped.", { exit_code: 1 }]],
};

describe("toRecord", () => {
  const rows: (readonly [PmEvent, string, string, object])[] = Object.values(cases).flat();

  test.each(rows)("%j is %s: %s", (event, level, message, context) => {
    const record = toRecord(event);
    expect({ ...record }).toEqual({ level: record.level, message, context: { ...context } });
    expect<string>(record.level).toBe(level);
  });

  test("every message is a sentence and every key of a context is in snake case", () => {
    for (const [event] of rows) {
      const { message, context } = toRecord(event);
      expect(message).toMatch(/^[A-Z].*\.$/u);
      for (const key of Object.keys(context)) expect(key).toMatch(/^[a-z]+(?:_[a-z]+)*$/u);
    }
  });
});
