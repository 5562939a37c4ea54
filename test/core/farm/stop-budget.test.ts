import { describe, expect, test } from "bun:test";
import {
  exceedsGrace,
  graceSecondsFor,
  longestStopMs,
  stopBudgetMs,
  lastStepsMs,
} from "../../../src/core/farm/stop-budget.ts";

describe("the budget of the workers", () => {
  test.each([
    [100, 50], // half of a grace that is hardly one
    [1_000, 500],
    [2_000, 1_500],
    [5_000, 4_500],
    [10_000, 9_000],
    [30_000, 27_000],
    [50_000, 45_000],
    [600_000, 595_000],
  ])("of a grace of %d ms is %d ms", (graceMs, budgetMs) => {
    expect(stopBudgetMs(graceMs)).toBe(budgetMs);
  });
});

describe("the grace for workers", () => {
  test.each([
    [0, 1],
    [500, 1],
    [1_000, 2],
    [10_000, 12],
    [30_000, 34],
    [45_000, 50],
    [60_000, 65],
    [3_600_000, 3_605],
  ])("that take %d ms is %d s", (longestMs, seconds) => {
    expect(graceSecondsFor(longestMs)).toBe(seconds);
  });

  test("is always enough, and never a second more than that", () => {
    for (let longestMs = 1; longestMs < 200_000; longestMs += 37) {
      const seconds = graceSecondsFor(longestMs);
      expect(exceedsGrace(longestMs, seconds * 1_000)).toBe(false);
      if (seconds > 1) expect(exceedsGrace(longestMs, (seconds - 1) * 1_000)).toBe(true);
    }
  });
});

test.each([
  [[], 0],
  [[1_000, 30_000, 2_000], 30_000],
  [[1_000, 0], null],
])("the slowest of %p takes %p ms, 0 being for ever", (timeouts, longestMs) => {
  expect(longestStopMs(timeouts)).toBe(longestMs);
});

test("for ever is longer than every grace", () => {
  expect(exceedsGrace(0, Number.MAX_SAFE_INTEGER)).toBe(true);
});

test.each([
  [4_000, { hooksMs: 2_000, orphansMs: 1_000 }],
  [-1, { hooksMs: 0, orphansMs: 0 }],
  [Number.POSITIVE_INFINITY, { hooksMs: Number.POSITIVE_INFINITY, orphansMs: Number.POSITIVE_INFINITY }],
])("with %d ms left the last steps may take %j", (leftMs, steps) => {
  expect(lastStepsMs(leftMs)).toEqual(steps);
});
