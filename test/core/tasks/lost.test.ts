import { expect, test } from "bun:test";

import { fateOfLost, type InHand, mayRetry } from "../../../src/core/tasks/lost.ts";

const running: InHand = { isBegun: true, isAnswered: false, retriesLeft: 0, deadlineMs: 100 };

test.each<[string, Partial<InHand>, number, ReturnType<typeof fateOfLost>]>([
  ["one at work is lost", {}, 50, "lost"],
  ["one at work that may be retried is", { retriesLeft: 1 }, 50, "retry"],
  ["at its deadline it is not retried any more", { retriesLeft: 1 }, 100, "lost"],
  ["one that was not begun waits again", { isBegun: false }, 50, "wait"],
  ["one that was not begun costs no retry", { isBegun: false, retriesLeft: 2 }, 50, "wait"],
  ["one that has its answer is forgotten", { isAnswered: true, retriesLeft: 1 }, 50, "forget"],
  ["one called off before it was begun is forgotten", { isAnswered: true, isBegun: false }, 50, "forget"],
])("%s", (_, changes, nowMs, expected) => {
  expect(fateOfLost({ ...running, ...changes }, nowMs)).toBe(expected);
});

test.each([
  [1, 99, true],
  [0, 99, false],
  [1, 100, false],
])("with %d retries left at %d of 100 ms: %p", (retriesLeft, nowMs, expected) => {
  expect(mayRetry({ retriesLeft, deadlineMs: 100 }, nowMs)).toBe(expected);
});
