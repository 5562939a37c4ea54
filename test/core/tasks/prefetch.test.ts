import { expect, test } from "bun:test";

import { nextPeak, prefetchDepth, UNKNOWN_PEAK } from "../../../src/core/tasks/prefetch.ts";

test.each([
  [0, 32],
  [0.01, 32],
  [4 / 32, 32],
  [0.2, 20],
  [1.3, 3],
  [4, 1],
  [4.01, 0],
  [5_000, 0],
])("where tasks take up to %d ms, %d lie ready", (peakMs, depth) => {
  expect(prefetchDepth(peakMs)).toBe(depth);
});

test("a process that has done nothing yet gets one task at a time", () => {
  expect(prefetchDepth(UNKNOWN_PEAK)).toBe(0);
});

function after(peak: number, tasks: number, ranMs: number): number {
  let now = peak;
  for (let task = 0; task < tasks; task++) now = nextPeak(now, ranMs);
  return prefetchDepth(now);
}

test("short tasks deepen it, one slow task ends that, and is forgotten after some dozen short ones", () => {
  const short = after(UNKNOWN_PEAK, 500, 0.2);
  expect(short).toBe(20);
  const slow = nextPeak(0.05, 100);
  expect(prefetchDepth(slow)).toBe(0);
  expect(after(slow, 50, 0.05)).toBe(0);
  expect(after(slow, 120, 0.05)).toBeGreaterThan(10);
});

test("a single short task among slow ones changes nothing", () => {
  expect(after(nextPeak(200, 0.01), 20, 0.01)).toBe(0);
});
