import { describe, expect, test } from "bun:test";
import type { Load } from "../../../src/core/scaling/load.ts";
import { horizonRule } from "../../../src/core/simulation/horizon-rule.ts";
import { backlogPerWorker, busyShare, hpaRule } from "../../../src/core/simulation/hpa-rule.ts";
import { idle } from "../../../src/core/simulation/plan-rule.ts";
import type { PoolRule } from "../../../src/core/simulation/rule.ts";
import { seedDefaults, seedRule } from "../../../src/core/simulation/seed-rule.ts";

/** The targets a rule sets when it is asked every `intervalSeconds`, the pool following it at once. */
function targets(rule: PoolRule, from: number, intervalSeconds: number, seen: readonly Partial<Load>[]): number[] {
  let [current, decide] = [from, rule];
  return seen.map((load, index) => {
    const { target, next } = decide({ ...idle("a", current), ...load }, index * intervalSeconds * 1000);
    [current, decide] = [target, next];
    return target;
  });
}

const times = (count: number, load: Partial<Load>): Partial<Load>[] => Array.from({ length: count }, () => load);
const bounds = { min: 1, max: 10 };

describe("the seed's rule", () => {
  test("adds two every 30 s and removes one every 300 s", () => {
    const rule = seedRule(bounds, seedDefaults);
    const up = targets(rule, 1, 10, times(8, { busy: 9 }));
    expect(up).toEqual([3, 3, 3, 5, 5, 5, 7, 7]);
    const down = targets(rule, 5, 10, times(32, { busy: 0 }));
    expect([down[0], down[29], down[30]]).toEqual([4, 4, 3]);
  });

  test("holds between its thresholds and stays within its bounds", () => {
    expect(targets(seedRule(bounds, seedDefaults), 4, 10, times(3, { busy: 2 }))).toEqual([4, 4, 4]);
    expect(targets(seedRule(bounds, seedDefaults), 10, 10, [{ busy: 99 }])).toEqual([10]);
    expect(targets(seedRule(bounds, seedDefaults), 1, 10, [{ busy: 0 }])).toEqual([1]);
  });
});

describe("HPA's rule", () => {
  const rule = hpaRule({ min: 1, max: 100 }, busyShare(0.5));

  test("multiplies the size by metric / target, and leaves what is within a tenth of it", () => {
    expect(targets(rule, 4, 15, [{ busy: 3 }])).toEqual([6]);
    expect(targets(rule, 10, 15, [{ busy: 5.4 }])).toEqual([10]);
    expect(targets(rule, 10, 15, [{ busy: 5.6 }])).toEqual([12]);
  });

  test("grows by the larger of 100 % and 4 in 15 s", () => {
    const backlog = hpaRule({ min: 1, max: 100 }, backlogPerWorker(1));
    expect(targets(backlog, 1, 15, times(4, { queueDepth: 99 }))).toEqual([5, 10, 20, 40]);
  });

  test("shrinks to the highest wish of 300 s, then at once", () => {
    const seen = [{ busy: 4 }, ...times(21, { busy: 0 })];
    const sizes = targets(rule, 8, 15, seen);
    expect([sizes[0], sizes[19], sizes[20]]).toEqual([8, 8, 1]);
    const half = targets(rule, 8, 15, [{ busy: 4 }, { busy: 2 }, ...times(19, { busy: 0 })]);
    expect(half[20]).toBe(4);
  });
});

test("Horizon's rule goes to the maximum by ones while anything waits, and back by ones", () => {
  const seen = [...times(11, { queueDepth: 1 }), ...times(3, { queueDepth: 0 })];
  expect(targets(horizonRule(bounds), 1, 3, seen)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 9, 8, 7]);
  expect(targets(horizonRule(bounds), 1, 3, [{ queueDepth: 0 }])).toEqual([1]);
});
