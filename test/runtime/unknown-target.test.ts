import { expect, test } from "bun:test";
import { unknownConsumerText } from "../../src/runtime/unknown-target.ts";

test.each([
  ["asynk", ["async", "mails"], 'no consumer is called "asynk"; did you mean async?'],
  ["x", ["async", "mails"], 'no consumer is called "x"; there are async, mails'],
  ["x", [], 'no consumer is called "x"; there is none now'],
] as const)("%j among %j", (name, names, text) => {
  expect(unknownConsumerText(name, names)).toBe(text);
});

test("a farm of thousands is not listed whole", () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `job-${index}`);
  expect(unknownConsumerText("x", names)).toEndWith("job-18, job-19 and 9980 more");
});
