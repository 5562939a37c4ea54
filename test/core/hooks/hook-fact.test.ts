import { describe, expect, test } from "bun:test";
import type { PmEvent } from "../../../src/core/farm/events.ts";
import type { Decision } from "../../../src/core/scaling/load.ts";
import { type HookFact, hookFactsOf, waitsForEver } from "../../../src/core/hooks/hook-fact.ts";

const ref = { worker: 3, slot: 1, consumer: "async" };
const pid = 42;
const code1 = { kind: "exited", code: 1 } as const;
const alice = { by: "alice", reason: "sale" };
const outcome = { result: "done", message: "async: 5 workers" } as const;
const reload = { message: "pm.yaml has 1 problem", problems: ["pm.yaml:1:1: x"], plan: null } as const;

function decision(changes: Partial<Decision>): Decision {
  return {
    consumer: "async",
    atMs: 0,
    current: 2,
    busy: 2,
    queueDepth: null,
    desired: 4,
    allocated: 4,
    previous: 2,
    target: 4,
    reason: "scaled_up",
    stages: [],
    ...changes,
  };
}

const farm = { consumer: null, worker: null, slot: null, pid: null, exit: null } as const;
const consumer = { ...farm, consumer: "async" } as const;
const worker = { ...ref, pid: null, exit: null } as const;

const told: readonly (readonly [what: string, event: PmEvent, facts: readonly HookFact[]])[] = [
  [
    "a failure",
    { type: "worker_exited", pid, exit: code1, uptimeMs: 2500, cause: null, failed: true, ...ref },
    [
      {
        ...worker,
        on: "worker_failed",
        pid,
        exit: code1,
        message: "worker 3 of async failed after 2.5 s: exit code 1",
        details: { uptime_seconds: 2.5 },
      },
    ],
  ],
  [
    "a process that could not be started",
    { type: "worker_not_started", message: "the program x\nwas not found", ...ref },
    [
      {
        ...worker,
        on: "worker_failed",
        message: "worker 3 of async could not be started: the program x was not found",
        details: { error: "the program x\nwas not found" },
      },
    ],
  ],
  [
    "an open failure limit",
    { type: "failure_limit_reached", failures: 4, answer: "retry", ...ref },
    [
      {
        ...worker,
        on: "limit_reached",
        message: "worker 3 of async is over its failure limit with 4 failures: pm goes on at the longest delay",
        details: { failures: 4, answer: "retry" },
      },
    ],
  ],
  [
    "a parked consumer",
    { type: "consumer_parked", consumer: "async", reason: "worker 3 reached the failure limit" },
    [
      {
        ...consumer,
        on: "consumer_parked",
        message: "async is parked: worker 3 reached the failure limit",
        details: { reason: "worker 3 reached the failure limit" },
      },
    ],
  ],
  [
    "a recovered consumer",
    { type: "consumer_recovered", consumer: "async" },
    [{ ...consumer, on: "consumer_recovered", message: "async has recovered", details: {} }],
  ],
  [
    "a size the autoscaler changed",
    { type: "scaling_decided", decision: decision({}) },
    [
      {
        ...consumer,
        on: "scaled",
        message: "async goes from 2 to 4 workers: scaled_up",
        details: { from: 2, to: 4, reason: "scaled_up" },
      },
    ],
  ],
  [
    "a size a person set",
    {
      type: "operation_ended",
      id: 1,
      who: alice,
      request: { action: "scale", consumer: "async", size: 5 },
      outcome,
    },
    [
      {
        ...consumer,
        on: "scaled",
        message: "async: 5 workers, by alice",
        details: { to: 5, by: "alice", reason: "sale" },
      },
    ],
  ],
  [
    "a worker killed at its deadline, twice",
    { type: "worker_killed", cause: "scale_down", timeoutMs: 30_000, pid, forced: false, ...ref },
    [
      {
        ...worker,
        on: "drain_stuck",
        pid,
        message: "worker 3 of async had not stopped within 30 s",
        details: { cause: "scale_down", timeout_seconds: 30, forced: false },
      },
      {
        ...worker,
        on: "worker_killed",
        pid,
        message: "worker 3 of async had not stopped within 30 s and was killed",
        details: { cause: "scale_down", timeout_seconds: 30, forced: false },
      },
    ],
  ],
  [
    "a worker killed by a second signal, which had no time to be stuck",
    { type: "worker_killed", cause: "shutdown", timeoutMs: 30_000, pid, forced: true, ...ref },
    [
      {
        ...worker,
        on: "worker_killed",
        pid,
        message: "worker 3 of async was killed after a second stop signal",
        details: { cause: "shutdown", timeout_seconds: 30, forced: true },
      },
    ],
  ],
  [
    "a hung worker",
    { type: "worker_stopping", cause: "no_progress", signal: "SIGTERM", pid, ...ref },
    [
      {
        ...worker,
        on: "worker_replaced",
        pid,
        message: "worker 3 of async is replaced: it hangs, having shown no progress for its no_progress",
        details: { reason: "no_progress" },
      },
    ],
  ],
  [
    "lost messages",
    { type: "messages_lost", transport: "mail", count: 1, ...ref },
    [
      {
        ...worker,
        on: "messages_lost",
        message: "worker 3 of async ended with 1 message of mail in flight",
        details: { transport: "mail", count: 1 },
      },
    ],
  ],
  [
    "a rejected reload",
    { type: "reloaded", who: alice, outcome: { result: "rejected", ...reload } },
    [
      {
        ...farm,
        on: "reload_failed",
        message: "the reload by alice was rejected: pm.yaml has 1 problem",
        details: { result: "rejected", by: "alice", problems: ["pm.yaml:1:1: x"] },
      },
    ],
  ],
  [
    "a started farm",
    { type: "farm_started", workers: 6, consumers: {} },
    [{ ...farm, on: "farm_started", message: "the farm has started", details: { workers: 6 } }],
  ],
  [
    "a farm that was told to stop",
    { type: "shutting_down", reason: "signal", signal: "SIGTERM" },
    [
      {
        ...farm,
        on: "farm_stopping",
        message: "the farm is stopping: SIGTERM",
        details: { reason: "signal", signal: "SIGTERM" },
      },
    ],
  ],
  [
    "a farm that has to stop",
    { type: "shutting_down", reason: "failure_limit", signal: null },
    [
      {
        ...farm,
        on: "farm_stopping",
        message: "the farm is stopping: failure limit",
        details: { reason: "failure_limit", signal: null },
      },
    ],
  ],
];

const scale = { action: "scale", consumer: "async", size: 5 } as const;

const untold: readonly (readonly [what: string, event: PmEvent])[] = [
  [
    "an exit that is none",
    { type: "worker_exited", pid, exit: code1, uptimeMs: 1, cause: "restart", failed: false, ...ref },
  ],
  ["a stop that was asked for", { type: "worker_stopping", cause: "scale_down", signal: "SIGTERM", pid, ...ref }],
  ["a size that stays", { type: "scaling_decided", decision: decision({ target: 2, reason: "steady" }) }],
  [
    "a size that a person could not set",
    { type: "operation_ended", id: 1, who: alice, request: scale, outcome: { result: "failed", message: "" } },
  ],
  [
    "what else a person does",
    { type: "operation_ended", id: 1, who: alice, request: { action: "stop", consumer: "async", slot: null }, outcome },
  ],
  ["a reload that worked", { type: "reloaded", who: alice, outcome: { result: "done", ...reload } }],
  ["a reload that had to wait", { type: "reloaded", who: alice, outcome: { result: "conflict", ...reload } }],
  ["a notice, such as that of a hook that failed", { type: "notice", level: "warning", message: "x", context: {} }],
  ["a sign of life", { type: "pong", ...ref }],
];

describe("hooks", () => {
  test.each(told)("are told of %s", (_, event, facts) => {
    expect(hookFactsOf(event)).toEqual([...facts]);
  });

  test.each(untold)("are not told of %s", (_, event) => {
    expect(hookFactsOf(event)).toEqual([]);
  });

  test("are told of a worker that nothing will kill", () => {
    expect(waitsForEver(ref, pid, 60_000)).toEqual({
      ...worker,
      on: "drain_stuck",
      pid,
      message: "worker 3 of async has not stopped for 60 s, and nothing will kill it, since its stop_timeout is 0",
      details: { timeout_seconds: 0 },
    });
  });

  test("get a message of one bounded line, whatever is in it", () => {
    const [fact] = hookFactsOf({ type: "worker_not_started", message: `a\r\n\u001b[2J${"x".repeat(9999)}`, ...ref });
    expect(fact?.message).toHaveLength(500);
    expect(fact?.message).toStartWith("worker 3 of async could not be started: a [2Jx");
  });
});
