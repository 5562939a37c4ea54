import { expect, test } from "bun:test";
import type { FarmStatus } from "../../src/protocol/control-api.ts";
import { cpuPercent, lastMinute, messagesPerSecond, noGauges, observe } from "../../src/top/gauges.ts";
import { consumerStatus, farmStatus, workerStatus } from "../support/fake-control.ts";

function farm(messages: number, cpuSeconds: number | null, busy = 0, pid: number | null = 101): FarmStatus {
  const workers = [workerStatus({ pid, cpu_seconds: cpuSeconds, busy })];
  return farmStatus({ cpu_seconds: 1, consumers: [consumerStatus({ messages_total: messages, workers })] });
}

/** The gauges after these statuses, a second between two. */
const after = (...statuses: readonly FarmStatus[]): ReturnType<typeof observe> =>
  statuses.reduce((gauges, status, second) => observe(gauges, status, second * 1000), noGauges);

test.each([
  ["one status tells no rate", [10], null],
  ["two tell the difference", [10, 14], 4],
  ["more are averaged", [0, 1, 2, 3, 20], 5],
  ["what is older than five seconds counts no more", [0, 1000, 1000, 1000, 1000, 1000, 1000, 1010], 2],
  ["a counter that went back is no negative rate", [50, 3], 0],
])("messages a second: %s", (_, totals, expected) => {
  expect(messagesPerSecond(after(...totals.map((total) => farm(total, 0))), "async")).toBe(expected);
});

test.each([
  ["one status tells nothing", [farm(0, 5)], null],
  ["half a second of a second is 50 %", [farm(0, 5), farm(0, 5.5)], 50],
  ["another process has used less than the one before it", [farm(0, 5), farm(0, 0.1)], null],
  ["no process uses nothing that is known", [farm(0, 5), farm(0, null, 0, null)], null],
])("CPU: %s", (_, statuses, expected) => {
  const gauges = after(...statuses);
  const pids = statuses.at(-1)?.consumers.flatMap(({ workers }) => workers.map(({ pid }) => pid)) ?? [];
  expect(cpuPercent(gauges, pids)).toBe(expected);
});

const twoWorkers = (cpuSeconds: number): FarmStatus =>
  farmStatus({
    consumers: [consumerStatus({ workers: [101, 102].map((pid) => workerStatus({ pid, cpu_seconds: cpuSeconds })) })],
  });

test("the CPU of several processes is their sum", () => {
  expect(cpuPercent(after(twoWorkers(1), twoWorkers(1.25)), [101, 102, null, 7])).toBe(50);
});

test("another pm counts from the beginning", () => {
  const restarted = { ...farm(3, 0.5), pid: 7000 };
  expect(messagesPerSecond(after(farm(50, 5), restarted), "async")).toBeNull();
});

test("the last minute is told in equal parts, the newest last", () => {
  const busy = [...Array.from({ length: 30 }, () => farm(0, 0, 0)), ...Array.from({ length: 30 }, () => farm(0, 0, 1))];
  expect(lastMinute(after(...busy), "async", 4)).toEqual([0, 0, 1, 1]);
});

test("of the time before the first status nothing is known, and between two statuses nothing changes", () => {
  const gauges = observe(observe(noGauges, farm(0, 0, 1), 50_000), farm(0, 0, 0), 80_000);
  expect(lastMinute(gauges, "async", 6)).toEqual([null, null, 1, 1, 1, 0]);
});

test("a consumer that nobody knows has no past", () => {
  expect(lastMinute(after(farm(0, 0)), "other", 2)).toEqual([null, null]);
  expect(messagesPerSecond(after(farm(0, 0)), "other")).toBeNull();
});
