import { expect, test } from "bun:test";
import { Activity } from "../../src/output/activity.ts";

test("a slot holds the time of the last bytes, and infinity from the first hold-up to the last release", () => {
  const table = new Float64Array(2);
  let now = 5;
  const activity = new Activity(table, 1, () => now);
  const seen: (number | undefined)[] = [];
  for (const step of ["heard", "holdUp", "heard", "holdUp", "release", "heard", "release", "heard"] as const) {
    activity[step]();
    now += 1;
    seen.push(table[1]);
  }
  expect(seen).toEqual([5, Infinity, Infinity, Infinity, Infinity, Infinity, 11, 12]);
  expect(table[0]).toBe(0);
});

test("without a slot nothing is noted", () => {
  const table = new Float64Array(1);
  new Activity(table, -1, () => 7).heard();
  expect([...table]).toEqual([0]);
});
