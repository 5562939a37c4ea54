import { expect, test } from "bun:test";
import { Pace } from "../../src/output/pace.ts";

test.each([
  ["nothing", [], false],
  ["a line", [240], false],
  ["a line of each of eight", Array(8).fill(240), false],
  ["some lines of one", [4_800], true],
  ["some lines of many", Array(40).fill(4_800), true],
  ["a full pipe", [65_536], false],
  ["full pipes", Array(16).fill(64_000), false],
  ["a full pipe among others", [...Array(3).fill(4_800), 65_536], true],
])("a turn that brings %s", (_, reads, rests) => {
  const pace = new Pace();
  for (const bytes of reads) pace.heard(bytes);
  expect(pace.turn() > 0).toBe(rests);
  expect(pace.turn()).toBe(0);
});
