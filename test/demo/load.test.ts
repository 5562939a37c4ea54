import { describe, expect, test } from "bun:test";
import {
  type DemoMessage,
  dueUntil,
  isScenarioName,
  messageAt,
  nextAttempt,
  type ScenarioName,
  scenarios,
} from "../../src/demo/load.ts";

const first = (name: ScenarioName, count: number): DemoMessage[] =>
  Array.from({ length: count }, (_, index) => messageAt(scenarios[name], index));
const share = (messages: readonly DemoMessage[], fate: string): number =>
  messages.filter((message) => message.fate === fate).length / messages.length;

describe("how many messages are due", () => {
  test.each([
    ["steady", 0, 0],
    ["steady", 0.24, 0],
    ["steady", 0.25, 1],
    ["steady", 1, 4],
    ["steady", 60, 240],
    ["steady", 61.5, 246],
    ["burst", 0, 100],
    ["burst", 29.9, 100],
    ["burst", 30, 200],
    ["burst", 89, 300],
    ["ramp", 5, 5],
    ["ramp", 55, 280],
    ["ramp", 56, 290],
    ["ramp", 60, 330],
    ["ramp", 65, 335],
    ["failures", 1, 5],
    ["failures", 60, 300],
  ] as const)("%s: after %d s it is %d", (name, seconds, due) => {
    expect(dueUntil(scenarios[name], seconds)).toBe(due);
  });

  test.each(Object.keys(scenarios).filter(isScenarioName))("%s: never falls", (name) => {
    const counts = Array.from({ length: 2500 }, (_, step) => dueUntil(scenarios[name], step / 20));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });
});

test.each([
  ["steady", 1, 0.05],
  ["burst", 1.5, 0.1],
  ["ramp", 1, 0.05],
  ["failures", 0.5, 0.3],
] as const)("%s: half of the messages take %d s, a share of %d fails", (name, slowSeconds, failureShare) => {
  const messages = first(name, 2000);
  const slow = messages.filter(({ transport }) => transport === "thumbnails" || transport === "previews");
  expect(slow.length).toBe(1000);
  expect(slow.every(({ seconds }) => seconds === slowSeconds)).toBe(true);
  expect(Math.abs(share(messages, "failed") - failureShare)).toBeLessThan(0.02);
});

test("of the reports some end their worker, by exit and by crash in turn; other messages never do", () => {
  const messages = first("steady", 200);
  const deadly = messages.filter(({ fate }) => fate === "exit" || fate === "crash");
  expect(deadly.map(({ id, fate }) => [id, fate])).toEqual([
    [15, "exit"],
    [65, "crash"],
    [115, "exit"],
    [165, "crash"],
  ]);
  expect(deadly.every(({ transport }) => transport === "reports")).toBe(true);
});

test("a message is the same however often it is asked for, and goes well when it is delivered again", () => {
  const message = messageAt(scenarios.steady, 14);
  expect(messageAt(scenarios.steady, 14)).toEqual(message);
  expect(nextAttempt(message)).toEqual({ ...message, fate: "handled", attempt: 2 });
});
