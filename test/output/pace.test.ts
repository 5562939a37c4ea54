import { expect, test } from "bun:test";
import { Pace } from "../../src/output/pace.ts";

/** How many of so many turns, each a gap after the one before, end with a rest. */
function rests(turns: number, gapMs: number, reads: readonly number[], pace = new Pace()): number {
  let nowMs = 5_000;
  let count = 0;
  for (let turn = 0; turn < turns; turn++) {
    pace.begin(nowMs);
    nowMs += gapMs;
    for (const bytes of reads) pace.heard(bytes);
    if (pace.restUs(nowMs) > 0) count += 1;
    nowMs += 10; // what passes here is rest
  }
  return count;
}

test.each([
  ["a line every millisecond", 1, [240], 0],
  ["four lines every ten milliseconds", 10, [240, 240, 240, 240], 0],
  ["a thousand lines a second, in pairs", 0.5, [480], 0],
  ["a line every 20 µs", 0.02, [240], 95],
  ["some lines of many every 100 µs", 0.1, Array(40).fill(4_800), 93],
  ["a full pipe every 100 µs", 0.1, [64_000], 0],
  ["full pipes every 100 µs", 0.1, Array(16).fill(64_000), 0],
  ["nothing to read, again and again", 0.02, [], 0],
])("%s", (_, gapMs, reads, expected) => {
  expect(rests(100, gapMs, reads)).toBe(expected);
});

test("a few lines in quick succession are no flood yet", () => {
  expect(rests(5, 0.015, [240])).toBe(0);
});

test("after a flood the next line goes out at once", () => {
  const pace = new Pace();
  expect(rests(100, 0.02, [240], pace)).toBeGreaterThan(0);
  expect(rests(1, 50, [240], pace)).toBe(0);
});
