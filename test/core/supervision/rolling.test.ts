import { describe, expect, test } from "bun:test";
import { nextToRestart, reloadUnavailable } from "../../../src/core/supervision/rolling.ts";
import { seeded } from "../output/json-generator.ts";

const workers = (...states: readonly boolean[]) => states.map((ready, at) => ({ worker: at + 1, ready }));

describe("nextToRestart", () => {
  test.each([
    ["as many as may be away", workers(true, true, true), 0, 2, [1, 2]],
    ["fewer while others are under way", workers(true, true, true), 1, 2, [1]],
    ["none when all room is taken", workers(true, true), 2, 2, []],
    ["none when more than the room is taken", workers(true, true), 5, 2, []],
    ["those that are not ready anyway, however many", workers(false, true, false, false), 0, 1, [1, 3, 4]],
    ["ready ones beside them as far as that leaves room", workers(true, false, true, true), 0, 3, [2, 1, 3]],
    ["all when there is room for all", workers(true, true), 0, 9, [1, 2]],
    ["none of none", [], 0, 3, []],
  ])("%s", (_, pending, inProgress, maxUnavailable, expected) => {
    const next = nextToRestart(pending, inProgress, maxUnavailable);
    expect(next.map(({ worker }) => worker)).toEqual([...expected]);
  });

  test.each(Array.from({ length: 200 }, (_, seed) => seed))(
    "never takes a ready worker that leaves fewer than allowed, and never stands still: seed %i",
    (seed) => {
      const random = seeded(seed);
      const size = 1 + random(30);
      const maxUnavailable = 1 + random(6);
      let pending = Array.from({ length: size }, (__, at) => ({ worker: at, ready: random(5) > 0 }));
      let inProgress = 0;
      while (pending.length > 0 || inProgress > 0) {
        const next = nextToRestart(pending, inProgress, maxUnavailable);
        const away = inProgress + pending.filter(({ ready }) => !ready).length;
        const taken = next.filter(({ ready }) => ready).length;
        if (taken > 0) expect(away + taken).toBeLessThanOrEqual(maxUnavailable);
        inProgress += next.length;
        pending = pending.filter((worker) => !next.includes(worker));
        expect(inProgress).toBeGreaterThan(0);
        inProgress -= 1 + random(inProgress);
        pending = pending.map(({ worker, ready }) => ({ worker, ready: ready && random(20) > 0 }));
      }
    },
  );
});

test.each([
  [0, 1],
  [1, 1],
  [3, 1],
  [7, 1],
  [8, 2],
  [20, 5],
])("a reload replaces, of %i workers, %i at a time", (size, expected) => {
  expect(reloadUnavailable(size)).toBe(expected);
});
