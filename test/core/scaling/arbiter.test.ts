import { describe, expect, test } from "bun:test";
import { arbitrate, type Claim } from "../../../src/core/scaling/arbiter.ts";

type Row = readonly [name: string, min: number, max: number, priority: number, desired: number, current?: number];

const claims = (rows: readonly Row[]): Claim[] =>
  rows.map(([name, min, max, priority, desired, current = min]) => ({ name, min, max, priority, desired, current }));

const always = Number.POSITIVE_INFINITY;

describe("arbitrate", () => {
  test.each<[string, readonly Row[], number, Record<string, number>]>([
    ["all of it where the cap suffices", [["a", 1, 10, 0, 5]], 20, { a: 5 }],
    [
      "in proportion within a priority",
      [
        ["a", 1, 10, 5, 5],
        ["b", 1, 10, 5, 2],
      ],
      6,
      { a: 4, b: 2 },
    ],
    [
      "the higher priority first",
      [
        ["high", 1, 10, 100, 5],
        ["low", 1, 10, 0, 5],
      ],
      5,
      { high: 4, low: 1 },
    ],
    [
      "static ones their size",
      [
        ["fixed", 3, 3, always, 3],
        ["auto", 1, 10, 0, 10],
      ],
      8,
      { fixed: 3, auto: 5 },
    ],
    [
      "the odd ones by name",
      [
        ["a", 1, 10, 0, 2],
        ["b", 1, 10, 0, 2],
        ["c", 1, 10, 0, 2],
      ],
      5,
      { a: 2, b: 2, c: 1 },
    ],
    [
      "not by the order given",
      [
        ["zzz", 1, 10, 0, 2],
        ["aaa", 1, 10, 0, 2],
      ],
      3,
      { aaa: 2, zzz: 1 },
    ],
    [
      "the odd one to the larger pool first",
      [
        ["a", 1, 10, 0, 2, 1],
        ["b", 1, 10, 0, 2, 2],
      ],
      3,
      { a: 1, b: 2 },
    ],
    [
      "only minimums where nothing is left",
      [
        ["a", 2, 5, 0, 5],
        ["b", 2, 5, 0, 5],
      ],
      4,
      { a: 2, b: 2 },
    ],
    [
      "what a higher one does not want to a lower one",
      [
        ["high", 2, 5, 100, 2],
        ["low", 1, 10, 0, 8],
      ],
      8,
      { high: 2, low: 6 },
    ],
    [
      "minimums below the first that is short",
      [
        ["top", 1, 10, 100, 5],
        ["mid", 1, 10, 50, 5],
        ["low", 1, 10, 0, 5],
      ],
      7,
      { top: 5, mid: 1, low: 1 },
    ],
    [
      "the maximum at most",
      [
        ["a", 1, 3, 0, 50],
        ["b", 1, 10, -1, 50],
      ],
      10,
      { a: 3, b: 7 },
    ],
  ])("grants %s", (_, rows, cap, expected) => {
    const allocated = arbitrate(claims(rows), cap);
    expect(allocated).toEqual(new Map(Object.entries(expected)));
    const backwards = arbitrate(claims(rows.toReversed()), cap);
    expect(backwards).toEqual(new Map(Object.entries(expected)));
  });

  test("says so when the cap does not hold the minimums", () => {
    expect(
      arbitrate(
        claims([
          ["a", 3, 5, 0, 5],
          ["b", 3, 5, 0, 5],
        ]),
        5,
      ),
    ).toBe("the minimums of all consumers are 6 workers, more than total_cap 5");
  });
});
