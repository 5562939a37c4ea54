import { expect, test } from "bun:test";
import { type LogLine, type LogQuery, matches, mergeLines } from "../../../src/core/farm/log-lines.ts";

const line: LogLine = {
  atEpochMs: 0,
  worker: 7,
  slot: 1,
  consumer: "async",
  stream: "stderr",
  level: "warning",
  text: "text",
};
const all: LogQuery = { consumer: null, slot: null, worker: null, stream: null, minLevel: null, lines: 10 };

test.each<[string, Partial<LogLine>, Partial<LogQuery>, boolean]>([
  ["a query that chooses nothing takes all", {}, {}, true],
  ["its consumer", {}, { consumer: "async" }, true],
  ["another consumer", {}, { consumer: "mail" }, false],
  ["its slot", {}, { slot: 1 }, true],
  ["slot 0 is a slot, not a missing one", {}, { slot: 0 }, false],
  ["its worker", {}, { worker: 7 }, true],
  ["another worker", {}, { worker: 8 }, false],
  ["its stream", {}, { stream: "stderr" }, true],
  ["another stream", {}, { stream: "stdout" }, false],
  ["its level", {}, { minLevel: "warning" }, true],
  ["a level below", {}, { minLevel: "debug" }, true],
  ["a level above", {}, { minLevel: "error" }, false],
  ["an unknown level is as info", { level: null }, { minLevel: "info" }, true],
  ["and not a warning", { level: null }, { minLevel: "warning" }, false],
  ["all at once", {}, { consumer: "async", slot: 1, worker: 7, stream: "stderr", minLevel: "info" }, true],
  ["all but one", {}, { consumer: "async", slot: 1, worker: 7, stream: "stdout", minLevel: "info" }, false],
])("%s", (_, of, query, expected) => {
  expect(matches({ ...line, ...of }, { ...all, ...query })).toBe(expected);
});

const at = (times: readonly number[], name: string): LogLine[] =>
  times.map((atEpochMs, index) => ({ ...line, atEpochMs, text: `${name}${index}` }));

test.each<[string, readonly (readonly LogLine[])[], number, readonly string[]]>([
  ["in the order of their times", [at([1, 4], "a"), at([2, 3], "b")], 9, ["a0", "b0", "b1", "a1"]],
  ["only the newest", [at([1, 4], "a"), at([2, 3], "b")], 2, ["b1", "a1"]],
  ["none, when none are wanted", [at([1], "a")], 0, []],
  ["with equal times as they came", [at([1, 1], "a"), at([1, 1], "b")], 9, ["a0", "a1", "b0", "b1"]],
  ["never against the order of a worker", [at([5, 1, 6], "a"), at([2, 5], "b")], 9, ["b0", "a0", "a1", "b1", "a2"]],
])("lines of several workers are merged %s", (_, lists, most, expected) => {
  expect(mergeLines(lists, most).map(({ text }) => text)).toEqual([...expected]);
});
