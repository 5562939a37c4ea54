import { expect, test } from "bun:test";
import { readTarget } from "../../../src/cli/control/target.ts";

test.each([
  ["async", { consumer: "async", slot: null }],
  ["async:0", { consumer: "async", slot: 0 }],
  ["a/b.c:12", { consumer: "a/b.c", slot: 12 }],
])("%s", (text, target) => {
  expect(readTarget(text)).toEqual(target);
});

test.each([
  [":0", '":0" names no consumer; write its name, such as async, or async:0 for one worker'],
  ["", '"" names no consumer; write its name, such as async, or async:0 for one worker'],
  ["a:", '"a:" names no slot behind the colon; write a:0 for the first worker, or a for all'],
  ["a:x", '"a:x" names no slot behind the colon; write a:0 for the first worker, or a for all'],
  ["a:-1", '"a:-1" names no slot behind the colon; write a:0 for the first worker, or a for all'],
  ["a:1:2", '"a:1:2" names no slot behind the colon; write a:0 for the first worker, or a for all'],
  ["a:1.5", '"a:1.5" names no slot behind the colon; write a:0 for the first worker, or a for all'],
])("%j is no target", (text, problem) => {
  expect(readTarget(text)).toBe(problem);
});
