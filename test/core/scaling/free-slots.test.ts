import { expect, test } from "bun:test";
import { lowestFree } from "../../../src/core/scaling/free-slots.ts";

test.each([
  [[], 3, [0, 1, 2]],
  [[0, 1], 2, [2, 3]],
  [[1, 4], 3, [0, 2, 3]],
  [[7, 0], 0, []],
  [[0], -3, []],
])("beside %p the lowest %i are %p", (taken, count, expected) => {
  expect(lowestFree(taken, count)).toEqual(expected);
});
