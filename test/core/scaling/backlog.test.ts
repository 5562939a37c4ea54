import { describe, expect, test } from "bun:test";
import { age } from "../../../src/core/scaling/backlog.ts";

const interval = { depth: 0, came: 0, sinceMs: 10_000, maxWaitMs: 30_000 };
const two = [
  { sinceMs: 0, messages: 3 },
  { sinceMs: 5_000, messages: 4 },
];

describe("the ages of those who wait", () => {
  test.each([
    ["newcomers are as old as the interval", { depth: 9, came: 2 }, [...two, { sinceMs: 10_000, messages: 2 }]],
    ["the oldest leave first", { depth: 5, came: 0 }, [{ sinceMs: 0, messages: 1 }, two[1]]],
    [
      "the oldest leave although as many come",
      { depth: 7, came: 5 },
      [
        { sinceMs: 5_000, messages: 2 },
        { sinceMs: 10_000, messages: 5 },
      ],
    ],
    ["who came and left is not there", { depth: 0, came: 9 }, []],
    ["who is there is counted, whatever came", { depth: 8, came: 0 }, [...two, { sinceMs: 10_000, messages: 1 }]],
  ])("%s", (_, change, expected) => {
    expect(age(two, { ...interval, ...change })).toEqual(expected.filter((cohort) => cohort !== undefined));
  });

  test("the list stays short however long a backlog lasts", () => {
    for (const maxWaitMs of [500, 30_000, 3_600_000, Number.POSITIVE_INFINITY]) {
      let waiting = age([], { depth: 1, came: 1, sinceMs: 0, maxWaitMs });
      for (let sinceMs = 1_000; sinceMs < 5_000_000; sinceMs += 1_000) {
        waiting = age(waiting, { depth: sinceMs, came: 1_000, sinceMs, maxWaitMs });
      }
      expect(waiting.length).toBeLessThanOrEqual(70);
      expect(waiting.reduce((sum, { messages }) => sum + messages, 0)).toBe(4_999_000);
    }
  });
});
