import { expect, test } from "bun:test";
import { afterJobAnswer, sidekiqDelaySeconds, sidekiqKeys } from "../../../src/core/intake/sidekiq-job.ts";
import type { TaskAnswer, TaskErrorCode } from "../../../src/core/tasks/task.ts";

const epochMs = 1_700_000_000_250;
const failure = { epochMs, random: 0.35, list: "queue:default", maxAttempts: 5 };
const answer = (code: TaskErrorCode, details: string | null = null): TaskAnswer => ({
  ok: false,
  error: { code, message: "no", details },
});

test.each([
  [0, 0, 15],
  [0, 0.99, 24],
  [1, 0.35, 1 + 15 + 3 * 2],
  [10, 0.5, 10_000 + 15 + 5 * 11],
])("after %d retries, with chance %d, Sidekiq waits %d s", (count, random, seconds) => {
  expect(sidekiqDelaySeconds(count, random)).toBe(seconds);
});

test.each([
  ["the first failure", {}, { retry_count: 0, failed_at: 1_700_000_000.25 }, 15 + 3],
  [
    "a later failure",
    { retry_count: 0, failed_at: 1.5 },
    { retry_count: 1, failed_at: 1.5, retried_at: 1_700_000_000.25 },
    16 + 6,
  ],
  [
    "one of Sidekiq 8, which counts milliseconds",
    { created_at: 1_690_000_000_000 },
    { created_at: 1_690_000_000_000, retry_count: 0, failed_at: 1_700_000_000_250 },
    15 + 3,
  ],
  [
    "one that goes to another queue",
    { retry_queue: "slow" },
    { retry_queue: "slow", queue: "slow", retry_count: 0, failed_at: 1_700_000_000.25 },
    18,
  ],
] satisfies [string, object, object, number][])("%s is written down as Sidekiq does", (_, before, after, seconds) => {
  const job = { retry: true, queue: "default", args: [1], ...before };
  const settlement = afterJobAnswer(answer("failed"), JSON.stringify(job), failure);
  if (settlement.do !== "retry_at") throw new Error(settlement.do);
  expect(settlement.atMs).toBe(epochMs + seconds * 1000);
  expect(settlement.set).toBe("retry");
  expect(JSON.parse(settlement.job)).toEqual({ ...job, ...after, error_message: "no", error_class: "pm.failed" });
});

test.each([
  ["retry: true gives 25", { retry: true, retry_count: 23 }, "retry_at"],
  ["and no more", { retry: true, retry_count: 24 }, "bury"],
  ["a number is as many", { retry: 1 }, "retry_at"],
  ["and no more", { retry: 1, retry_count: 0 }, "bury"],
  ["none at all", { retry: 0 }, "bury"],
  ["false is neither retried nor kept", { retry: false }, "discard"],
  ["dead: false is not kept", { retry: 0, dead: false }, "discard"],
  ["a job that says nothing has pm's attempts", { retry_count: 2 }, "retry_at"],
  ["and no more", { retry_count: 3 }, "bury"],
  ["retry_for is a time", { retry: true, retry_count: 1, retry_for: 60, failed_at: 1_699_999_950 }, "retry_at"],
  ["which ends", { retry: true, retry_count: 1, retry_for: 60, failed_at: 1_699_999_930 }, "bury"],
  ["in milliseconds too", { retry: true, retry_count: 1, retry_for: 60, failed_at: 1_699_999_930_000 }, "bury"],
] satisfies [string, object, string][])("%s: %j", (_, job, what) => {
  for (const code of ["failed", "lost", "timeout"] as const)
    expect<string>(afterJobAnswer(answer(code), JSON.stringify(job), failure).do).toBe(what);
});

test.each([
  ["overloaded", "back"],
  ["unavailable", "back"],
  ["shutting_down", "back"],
  ["cancelled", "back"],
  ["too_large", "bury"],
  ["loop", "bury"],
] as const)("%s: %s", (code, what) => {
  expect(afterJobAnswer(answer(code), '{"retry":true}', failure).do).toBe(what);
});

test("an answer ends it", () => {
  expect(afterJobAnswer({ ok: true, result: "1" }, '{"retry":true}', failure)).toEqual({ do: "done" });
});

test("the class of the error is that of the worker, if it gave one; numbers keep their digits", () => {
  const settlement = afterJobAnswer(
    answer("failed", '{"class":"RuntimeException"}'),
    '{"args":[12345678901234567890]}',
    failure,
  );
  expect(settlement).toMatchObject({
    job: '{"args":[12345678901234567890],"queue":"default","error_message":"no","error_class":"RuntimeException","retry_count":0,"failed_at":1700000000.25}',
  });
});

test.each([
  ["queue:default", { queue: "default", retry: "retry", schedule: "schedule" }],
  ["app:queue:default", { queue: "default", retry: "app:retry", schedule: "app:schedule" }],
  ["jobs", { queue: "jobs", retry: "retry", schedule: "schedule" }],
])("the keys around %s", (list, keys) => {
  expect(sidekiqKeys(list)).toEqual(keys);
});
