import { describe, expect, test } from "bun:test";
import { noSample, smooth } from "../../../src/core/scaling/ewma.ts";
import { byUtilization } from "../../../src/core/scaling/utilization.ts";
import { chooseVictims } from "../../../src/core/scaling/victims.ts";

describe("smoothing", () => {
  test("follows a step to 63 % within the time constant", () => {
    expect(smooth(smooth(noSample, 0, 0, 30_000), 1, 30_000, 30_000)).toBeCloseTo(0.6321, 4);
  });

  test("stays where every sample is the same", () => {
    let value = noSample;
    for (let update = 0; update < 100; update++) value = smooth(value, 7, 1_000, 5_000);
    expect(value).toBeCloseTo(7, 9);
  });

  test("follows at once with a short time constant", () => {
    expect(smooth(smooth(noSample, 0, 0, 1), 100, 1_000, 1)).toBeCloseTo(100, 9);
  });

  test.each([
    ["stood still", 0, 10],
    ["went back", -5_000, 999],
  ])("holds when the clock %s", (_, dtMs, sample) => {
    expect(smooth(1, sample, dtMs, 30_000)).toBe(1);
  });

  test("is seeded by the first sample, whatever the clock did", () => {
    expect(smooth(noSample, 4, 0, 30_000)).toBe(4);
  });
});

describe("byUtilization", () => {
  test.each([
    [0.7, 0.7, 0.35, 5, 7, 10],
    [0.7, 0.7, 0.35, 5, 5, 8],
    [0.7, 0.7, 0.35, 5, 0, 0],
    [0.5, 0.5, 0.25, 5, 10, 20],
    [1.0, 1.0, 0.5, 5, 10, 10],
    [0.5, 0.5, 0.25, 5, 0.5, 1],
    [0.5, 0.5, 0.25, 1, 0.6, 2],
    [0.7, 0.7, 0.2, 1, 0.5, 1],
    [0.7, 0.7, 0.2, 2, 1.4, 2],
    [0.7, 0.7, 0.2, 2, 1.5, 3],
    [0.7, 0.7, 0.2, 2, 0.3, 1],
    [0.7, 0.7, 0.2, 2, 0.4, 2],
    [0.7, 0.6, 0.2, 3, 2.1, 3],
  ])("target %p, up %p, down %p: %p workers with %p busy want %p", (target, up, down, current, busy, desired) => {
    const rule = { target, scaleUpThreshold: up, scaleDownThreshold: down };
    expect(byUtilization(rule, { current, busy, warmingUp: 0 }).desired).toBe(desired);
  });

  const rule = { target: 0.7, scaleUpThreshold: 0.7, scaleDownThreshold: 0.2 };

  test("workers that warm up are no capacity", () => {
    expect(byUtilization(rule, { current: 4, busy: 2, warmingUp: 2 }).desired).toBe(4);
    expect(byUtilization(rule, { current: 4, busy: 2, warmingUp: 0 }).desired).toBe(4);
    expect(byUtilization(rule, { current: 4, busy: 3.9, warmingUp: 1 }).desired).toBe(6);
  });

  test("an overloaded pool is not shrunk because most of it warms up", () => {
    expect(byUtilization(rule, { current: 10, busy: 2, warmingUp: 8 }).desired).toBe(10);
  });

  test("what smoothing leaves of a busy past is nothing", () => {
    expect(byUtilization(rule, { current: 3, busy: 1e-7, warmingUp: 0 }).desired).toBe(0);
  });
});

const four = (...busy: readonly number[]) => [1, 2, 3, 4].map((slot) => ({ slot, busy: busy.includes(slot) }));

describe("chooseVictims", () => {
  test.each([
    ["idle ones before busy ones", four(1, 3), 2, [4, 2]],
    ["of idle ones the highest slots", four(), 2, [4, 3]],
    ["busy ones when there are not enough others", four(1, 3), 3, [4, 2, 3]],
    ["all of them at most", four(), 9, [4, 3, 2, 1]],
    ["nobody for less than nothing", four(), -1, []],
  ])("takes %s", (_, workers, count, slots) => {
    expect(chooseVictims(workers, count).map(({ slot }) => slot)).toEqual(slots);
  });

  test("takes one without a process before any other", () => {
    const workers = [{ slot: 0, busy: false, alive: false }, ...four()];
    expect(chooseVictims(workers, 1).map(({ slot }) => slot)).toEqual([0]);
  });
});
