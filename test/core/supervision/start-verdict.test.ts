import { expect, test } from "bun:test";
import type { PmEvent, StopCause } from "../../../src/core/farm/events.ts";
import { judgeStart } from "../../../src/core/supervision/start-verdict.ts";

const ref = { worker: 1, slot: 0, consumer: "a" };
const ended = (cause: StopCause | null, failed: boolean): PmEvent => ({
  type: "worker_exited",
  pid: 1,
  exit: { kind: "exited", code: failed ? 3 : 0 },
  uptimeMs: 1,
  cause,
  failed,
  ...ref,
});
const restarting = (reason: "exit_success" | "exited_too_soon"): PmEvent => ({
  type: "worker_restarting",
  reason,
  delayMs: 0,
  attempt: 0,
  ...ref,
});
const said = (event: "received" | "handled" | "failed"): PmEvent => ({
  type: "message",
  event,
  transport: "t",
  class: "C",
  id: null,
  durationSeconds: null,
  errorClass: null,
  ...ref,
});

const rows: readonly (readonly [string, PmEvent, ReturnType<typeof judgeStart>])[] = [
  ["ready", { type: "worker_ready", afterMs: 1, ...ref }, { is: "ready" }],
  ["a message done", said("handled"), { is: "worked" }],
  ["a message taken", said("received"), null],
  ["a message failed", said("failed"), null],
  [
    "not started",
    { type: "worker_not_started", message: "no such program", ...ref },
    { is: "failed", why: "could not be started: no such program" },
  ],
  ["a failure", ended(null, true), { is: "failed", why: "exit code 3" }],
  ["a clean exit: what follows tells", ended(null, false), null],
  ["told to stop", ended("max_memory", false), { is: "called_off", why: "was told to stop meanwhile" }],
  ["restarting after work", restarting("exit_success"), { is: "well" }],
  [
    "restarting after nothing",
    restarting("exited_too_soon"),
    { is: "failed", why: "ended too soon, without any work" },
  ],
  ["finished", { type: "worker_finished", exitCode: 0, ...ref }, { is: "well" }],
  ["parked", { type: "worker_parked", exitCode: 78, ...ref }, { is: "failed", why: "exit code 78 forbids a restart" }],
  ["gone", { type: "worker_gone", ...ref }, { is: "called_off", why: "was stopped meanwhile" }],
  ["stopped", { type: "worker_stopped", ...ref }, { is: "called_off", why: "was stopped meanwhile" }],
  ["paused", { type: "worker_paused", ...ref }, { is: "called_off", why: "was paused meanwhile" }],
  ["resumed", { type: "worker_resumed", ...ref }, null],
  ["started", { type: "worker_started", pid: 1, transports: [], ...ref }, null],
  ["something else", { type: "consumer_recovered", consumer: "a" }, null],
];

test.each(rows)("%s", (_, event, verdict) => {
  expect(judgeStart(event)).toEqual(verdict);
});
