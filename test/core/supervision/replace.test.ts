import { describe, expect, test } from "bun:test";
import { judgeProcess, nextJudgementMs, type ProcessFacts } from "../../../src/core/supervision/replace.ts";

const noRecycle = { maxLifetimeMs: null, maxMemoryBytes: null, maxIdleMs: null };
const noLiveness = { pingTimeoutMs: null, maxMessageTimeMs: null, noProgressMs: null };
const recycle = { maxLifetimeMs: 100_000, maxMemoryBytes: 1_000, maxIdleMs: 50_000 };
const liveness = { pingTimeoutMs: 10_000, maxMessageTimeMs: 20_000, noProgressMs: 30_000 };

const facts = (changes: Partial<ProcessFacts>): ProcessFacts => ({
  startedAtMs: 0,
  nowMs: 0,
  memoryBytes: null,
  busy: false,
  messageSinceMs: null,
  idleSinceMs: 0,
  unansweredPingAtMs: null,
  lastProgressAtMs: 0,
  spread: 0,
  ...changes,
});

describe("judgeProcess", () => {
  test.each([
    ["a healthy young process is let be", facts({ nowMs: 1_000 }), null],
    [
      "a message over its time is a hung worker",
      facts({ nowMs: 20_000, busy: true, messageSinceMs: 0, lastProgressAtMs: 19_000 }),
      "max_message_time",
    ],
    [
      "an unanswered ping of an idle worker is a hung worker",
      facts({ nowMs: 20_000, unansweredPingAtMs: 10_000, lastProgressAtMs: 19_000 }),
      "ping_timeout",
    ],
    [
      "a busy worker owes no answer to a ping",
      facts({ nowMs: 19_000, busy: true, messageSinceMs: 0, unansweredPingAtMs: 1_000, lastProgressAtMs: 18_000 }),
      null,
    ],
    [
      "a ping that came during a message is owed an answer from its end on",
      facts({ nowMs: 21_000, idleSinceMs: 15_000, unansweredPingAtMs: 1_000, lastProgressAtMs: 20_000 }),
      null,
    ],
    ["silence beyond no_progress is a hung worker", facts({ nowMs: 30_000, unansweredPingAtMs: null }), "no_progress"],
    [
      "an idle worker at its lifetime is recycled",
      facts({ nowMs: 100_000, idleSinceMs: 90_000, lastProgressAtMs: 99_000 }),
      "max_lifetime",
    ],
    [
      "chance takes a tenth off at most",
      facts({ nowMs: 90_001, spread: 0.999_99, idleSinceMs: 80_000, lastProgressAtMs: 90_000 }),
      "max_lifetime",
    ],
    [
      "a busy worker at its lifetime is given time to finish",
      facts({ nowMs: 109_999, busy: true, messageSinceMs: 95_000, lastProgressAtMs: 109_000 }),
      null,
    ],
    [
      "but not for ever",
      facts({ nowMs: 110_000, busy: true, messageSinceMs: 95_000, lastProgressAtMs: 109_000 }),
      "max_lifetime",
    ],
    ["an idle worker over its memory is recycled", facts({ nowMs: 1_000, memoryBytes: 1_000 }), "max_memory"],
    [
      "a busy worker a little over its memory may finish",
      facts({ nowMs: 1_000, memoryBytes: 1_099, busy: true, messageSinceMs: 0 }),
      null,
    ],
    [
      "a busy worker far over its memory may not",
      facts({ nowMs: 1_000, memoryBytes: 1_100, busy: true, messageSinceMs: 0 }),
      "max_memory",
    ],
    ["a worker idle for long is recycled", facts({ nowMs: 50_000, lastProgressAtMs: 49_000 }), "max_idle"],
    [
      "a busy worker is not idle",
      facts({ nowMs: 50_000, busy: true, messageSinceMs: 40_000, lastProgressAtMs: 49_000 }),
      null,
    ],
  ] as const)("%s", (_, given, expected) => {
    expect(judgeProcess(recycle, liveness, given)).toBe(expected);
  });
  test("without limits nothing is ever replaced", () => {
    expect(
      judgeProcess(noRecycle, noLiveness, facts({ nowMs: 1e12, memoryBytes: 1e12, unansweredPingAtMs: 0 })),
    ).toBeNull();
  });
});

describe("nextJudgementMs", () => {
  test.each([
    ["without limits there is nothing to wait for", noRecycle, noLiveness, facts({}), null],
    [
      "the earliest limit counts",
      recycle,
      liveness,
      facts({ nowMs: 1_000, idleSinceMs: 1_000, lastProgressAtMs: 1_000 }),
      5_000,
    ],
    [
      "a message brings its own limit",
      noRecycle,
      liveness,
      facts({ nowMs: 1_000, busy: true, messageSinceMs: 500, lastProgressAtMs: 1_000 }),
      19_500,
    ],
    ["what is overdue is due now", noRecycle, liveness, facts({ nowMs: 90_000 }), 0],
  ] as const)("%s", (_, recycleRules, livenessRules, given, expected) => {
    expect(nextJudgementMs(recycleRules, livenessRules, given, 5_000)).toBe(expected);
  });
  test("a judgement at the time it names finds the cause", () => {
    const given = facts({ nowMs: 1_000, idleSinceMs: 1_000, lastProgressAtMs: 1_000 });
    const waitMs = nextJudgementMs(noRecycle, liveness, given, 5_000);
    expect(judgeProcess(noRecycle, liveness, { ...given, nowMs: given.nowMs + (waitMs ?? 0) })).toBe("no_progress");
  });
});
