import { describe, expect, test } from "bun:test";
import { backoffDelayMs } from "../../../src/core/supervision/backoff.ts";
import type { ExitReason } from "../../../src/core/supervision/exit.ts";
import { decideRestart, type ExitFacts, mayBeTooSoon, recentFailures } from "../../../src/core/supervision/restart.ts";
import { restartDefaults } from "../../support/specs.ts";

const clean: ExitReason = { kind: "exited", code: 0 };
const crash: ExitReason = { kind: "exited", code: 1 };
const killed: ExitReason = { kind: "signaled", signal: "SIGKILL", number: 9 };
const missing: ExitReason = { kind: "spawn_failed", code: "ENOENT", message: "not found" };

const facts = (changes: Partial<ExitFacts>): ExitFacts => ({
  exit: crash,
  uptimeMs: 5_000,
  reportedWork: false,
  failures: [],
  limitOpen: false,
  nowMs: 100_000,
  random: 0,
  ...changes,
});

describe("backoffDelayMs", () => {
  const rules = { baseMs: 1_000, maxMs: 30_000, jitter: 0 };
  test("doubles up to the cap: the seed's vector", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((n) => backoffDelayMs(rules, n, 0.5))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });
  test("stays finite however often it fails", () => {
    expect(backoffDelayMs(rules, 1e9, 0)).toBe(30_000);
  });
  test("jitter only ever takes away, and at most its share", () => {
    expect(backoffDelayMs({ ...rules, jitter: 0.1 }, 1, 0)).toBe(1_000);
    expect(backoffDelayMs({ ...rules, jitter: 0.1 }, 1, 0.999_999)).toBe(900);
  });
});

describe("decideRestart", () => {
  test.each([
    [
      "a clean exit restarts at once and forgets failures",
      facts({ exit: clean, failures: [99_000] }),
      { reason: "exit_success", delayMs: 0, failures: [], overLimit: false },
    ],
    [
      "a first failure waits the base delay",
      facts({}),
      { reason: "exit_failure", delayMs: 1_000, failures: [100_000], overLimit: false },
    ],
    [
      "a signal is a failure",
      facts({ exit: killed }),
      { reason: "signal", delayMs: 1_000, failures: [100_000], overLimit: false },
    ],
    [
      "a failed start is a failure",
      facts({ exit: missing, uptimeMs: 0 }),
      { reason: "spawn_failed", delayMs: 1_000, failures: [100_000], overLimit: false },
    ],
    [
      "the third failure waits four times the base",
      facts({ failures: [98_000, 99_000] }),
      { reason: "exit_failure", delayMs: 4_000, failures: [98_000, 99_000, 100_000], overLimit: false },
    ],
    [
      "failures outside the window do not count",
      facts({ failures: [40_000, 99_000] }),
      { reason: "exit_failure", delayMs: 2_000, failures: [99_000, 100_000], overLimit: false },
    ],
    [
      "a clean exit at once without work is delayed like a failure",
      facts({ exit: clean, uptimeMs: 10 }),
      { reason: "exited_too_soon", delayMs: 1_000, failures: [100_000], overLimit: false },
    ],
    [
      "a clean exit at once with work is not delayed",
      facts({ exit: clean, uptimeMs: 10, reportedWork: true }),
      { reason: "exit_success", delayMs: 0, failures: [], overLimit: false },
    ],
    [
      "the fourth failure opens the limit and waits the longest delay",
      facts({ failures: [97_000, 98_000, 99_000] }),
      { reason: "exit_failure", delayMs: 30_000, failures: [97_000, 98_000, 99_000, 100_000], overLimit: true },
    ],
    [
      "an open limit stays open although the delays have thinned the failures out",
      facts({ limitOpen: true }),
      { reason: "exit_failure", delayMs: 30_000, failures: [100_000], overLimit: true },
    ],
    [
      "an open limit is closed by a process that lived through the window",
      facts({ limitOpen: true, uptimeMs: 60_000 }),
      { reason: "exit_failure", delayMs: 1_000, failures: [100_000], overLimit: false },
    ],
  ] as const)("%s", (_, given, expected) => {
    expect(decideRestart(restartDefaults, given)).toEqual({
      do: "restart",
      ...expected,
      failures: [...expected.failures],
    });
  });

  const over = facts({ failures: [97_000, 98_000, 99_000] });
  test.each([
    [
      "park gives up at the limit",
      { onFailureLimit: "park" },
      over,
      { do: "give_up", answer: "park", failures: [97_000, 98_000, 99_000, 100_000] },
    ],
    [
      "exit gives up at the limit",
      { onFailureLimit: "exit" },
      over,
      { do: "give_up", answer: "exit", failures: [97_000, 98_000, 99_000, 100_000] },
    ],
    [
      "a code that forbids a restart parks the worker at the first time",
      { neverRestartCodes: [1] },
      facts({}),
      { do: "park_worker" },
    ],
    [
      "a code that forbids a restart may be 0",
      { neverRestartCodes: [0] },
      facts({ exit: clean }),
      { do: "park_worker" },
    ],
    ["policy never finishes after a failure", { policy: "never" }, facts({}), { do: "finish" }],
    ["policy never finishes after success", { policy: "never" }, facts({ exit: clean }), { do: "finish" }],
    [
      "policy on-failure finishes after success, however early",
      { policy: "on-failure" },
      facts({ exit: clean, uptimeMs: 1 }),
      { do: "finish" },
    ],
    [
      "policy on-failure finishes after a code listed as success",
      { policy: "on-failure", successCodes: [1] },
      facts({}),
      { do: "finish" },
    ],
  ] as const)("%s", (_, rules, given, expected) => {
    expect(decideRestart({ ...restartDefaults, ...rules }, given) as unknown).toEqual(expected as unknown);
  });

  test("exits that come too soon degrade, but never park or end the farm", () => {
    const soon = facts({ exit: clean, uptimeMs: 10, failures: [97_000, 98_000, 99_000] });
    for (const onFailureLimit of ["retry", "park", "exit"] as const) {
      expect(decideRestart({ ...restartDefaults, onFailureLimit }, soon)).toMatchObject({
        do: "restart",
        reason: "exited_too_soon",
        delayMs: 30_000,
        overLimit: true,
      });
    }
  });
  test("keeps no more failures than the limit needs", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => 99_000 + index);
    expect(decideRestart(restartDefaults, facts({ failures: many }))).toMatchObject({ failures: { length: 4 } });
  });
});

describe("mayBeTooSoon", () => {
  test.each([
    ["a clean exit before min_uptime", clean, 999, true],
    ["a clean exit at min_uptime", clean, 1_000, false],
    ["a failure", crash, 1, false],
  ] as const)("%s", (_, exit, uptimeMs, expected) => {
    expect(mayBeTooSoon(restartDefaults, exit, uptimeMs)).toBe(expected);
  });
  test("min_uptime 0 never holds anything back", () => {
    expect(mayBeTooSoon({ ...restartDefaults, minUptimeMs: 0 }, clean, 0)).toBe(false);
  });
});

test("recentFailures leaves out those at or beyond the edge of the window", () => {
  expect(recentFailures([1_000, 2_000, 3_000], 1_000, 3_000)).toEqual([3_000]);
});
