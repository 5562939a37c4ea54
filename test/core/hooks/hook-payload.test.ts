import { describe, expect, test } from "bun:test";
import type { HookFact } from "../../../src/core/hooks/hook-fact.ts";
import { hookDocument, hookVariables } from "../../../src/core/hooks/hook-payload.ts";

const fact: HookFact = {
  on: "worker_failed",
  consumer: "async",
  worker: 3,
  slot: 1,
  pid: 42,
  exit: { kind: "signaled", signal: "SIGSEGV", number: 11 },
  message: "worker 3 of async failed after 2.5 s: killed by SIGSEGV",
  details: { uptime_seconds: 2.5 },
};
const ofFarm: HookFact = {
  on: "farm_started",
  consumer: null,
  worker: null,
  slot: null,
  pid: null,
  exit: null,
  message: "the farm has started",
  details: { workers: 6 },
};
const around = { atEpochMs: 1_700_000_000_000, host: "web1", farm: "/srv/pm.yaml", stderr: [], suppressed: 0 };

describe("hookDocument", () => {
  test("holds all that is known of a worker", () => {
    const stderr = ["Fatal", "  at x\t\u001b[0m \ud800"];
    expect(JSON.parse(hookDocument(fact, { ...around, stderr, suppressed: 12 }))).toEqual({
      version: 1,
      text: "worker 3 of async failed after 2.5 s: killed by SIGSEGV (12 more before were not told)",
      event: "worker_failed",
      at: "2023-11-14T22:13:20.000Z",
      host: "web1",
      farm: "/srv/pm.yaml",
      consumer: "async",
      worker: 3,
      slot: 1,
      pid: 42,
      exit: { code: 139, signal: "SIGSEGV", text: "killed by SIGSEGV" },
      message: fact.message,
      details: { uptime_seconds: 2.5 },
      stderr: ["Fatal", "  at x\t\u001b[0m \ud800"],
      suppressed: 12,
    });
  });

  test("names what there is nothing to say of, too", () => {
    expect(JSON.parse(hookDocument(ofFarm, around))).toMatchObject({
      text: "the farm has started",
      consumer: null,
      worker: null,
      exit: null,
      stderr: [],
      suppressed: 0,
    });
  });

  test("is one line", () => {
    expect(hookDocument(fact, { ...around, stderr: ["a\nb\r"] })).not.toMatch(/[\r\n]/u);
  });

  test.each([
    [
      { kind: "exited", code: 3 },
      { code: 3, signal: null, text: "exit code 3" },
    ],
    [
      { kind: "spawn_failed", code: "ENOENT", message: "no such program" },
      { code: 127, signal: null, text: "could not be started: no such program" },
    ],
  ] as const)("tells the exit %j", (exit, shown) => {
    expect(JSON.parse(hookDocument({ ...fact, exit }, around)).exit).toEqual(shown);
  });

  test("cuts a line that is too long to be read", () => {
    const { stderr } = JSON.parse(hookDocument(fact, { ...around, stderr: ["x".repeat(4096), "y".repeat(4097)] }));
    expect(stderr).toEqual(["x".repeat(4096), `${"y".repeat(4096)}…`]);
  });
});

test.each([
  [
    fact,
    { PM_HOOK_EVENT: "worker_failed", PM_HOOK_CONSUMER: "async", PM_HOOK_WORKER: "3", PM_HOOK_MESSAGE: fact.message },
  ],
  [
    ofFarm,
    { PM_HOOK_EVENT: "farm_started", PM_HOOK_CONSUMER: "", PM_HOOK_WORKER: "", PM_HOOK_MESSAGE: ofFarm.message },
  ],
])("hookVariables names them all", (given, expected) => {
  expect(hookVariables(given)).toEqual(expected);
});
