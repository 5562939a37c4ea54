import { expect, test } from "bun:test";

import { chainProblem } from "../../../src/core/tasks/chain.ts";

const seven = ["a", "b", "c", "d", "e", "f", "g"];

test.each([
  ["a task from outside", [], "x"],
  ["a call of another consumer", ["a", "b"], "x"],
  ["the eighth in a chain", seven, "x"],
])("%s is taken", (_, chain, consumer) => {
  expect(chainProblem(chain, consumer)).toBeNull();
});

test.each([
  ["a consumer that calls itself", ["x"], "x", "x → x"],
  ["a call back to one that waits", ["x", "b"], "x", "x → b → x"],
  ["a chain that is too long", [...seven, "h"], "x", "8 calls"],
])("%s is refused in one line", (_, chain, consumer, words) => {
  const problem = chainProblem(chain, consumer);
  expect(problem).toContain(words);
  expect(problem).not.toContain("\n");
});
