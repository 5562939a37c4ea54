import { expect, test } from "bun:test";
import { counted, type MapProgress, progressText } from "../../../src/cli/tasks/map-progress.ts";

const progress = (changes: Partial<MapProgress> = {}): MapProgress => ({
  consumer: "thumbs",
  lines: 1_000,
  linesBefore: 0,
  failed: 0,
  seconds: 2,
  input: { lines: 1_200, bytes: 12_000, sizeBytes: null },
  ...changes,
});
const file = { lines: 1_200, bytes: 12_000, sizeBytes: 40_000 };

test.each([
  [{}, 80, "thumbs: 1,000 done, 500/s"],
  [{ failed: 3, linesBefore: 600 }, 80, "thumbs: 1,000 done, 3 failed, 200/s"],
  [{ input: file }, 80, "[#####---------------] thumbs: 1,000 done, 500/s, 25 %, 6s left"],
  [{ input: file }, 50, "thumbs: 1,000 done, 500/s, 25 %, 6s left"],
  [{ input: { lines: 1_000, bytes: 9, sizeBytes: 9 } }, 80, "[####################] thumbs: 1,000 done, 500/s, 100 %"],
  [{ lines: 0, seconds: 0, input: { ...file, lines: 0, bytes: 0 } }, 80, "thumbs: 0 done, 0/s"],
  [{}, 10, "thumbs: 1"],
])("%j on %i columns reads %s", (changes, columns, text) => {
  expect(progressText(progress(changes), columns)).toBe(text);
});

test.each([
  [0, "0"],
  [999, "999"],
  [1_234_567, "1,234,567"],
])("%i is written %s", (count, text) => {
  expect(counted(count)).toBe(text);
});
