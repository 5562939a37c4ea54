import { expect, test } from "bun:test";
import type { LogLine, LogQuery } from "../../src/core/farm/log-lines.ts";
import { LineRequests } from "../../src/output/line-requests.ts";
import type { ToOutput } from "../../src/output/messages.ts";

const query: LogQuery = { consumer: null, slot: null, worker: null, stream: null, minLevel: null, lines: 10 };
const line: LogLine = { atEpochMs: 0, worker: 1, slot: 0, consumer: "a", stream: "stdout", level: null, text: "text" };

/** Requests, and a wait for the orders they give. */
function heard(): { readonly requests: LineRequests; readonly orders: ToOutput[]; readonly next: () => Promise<void> } {
  const orders: ToOutput[] = [];
  let wakeUp: (() => void) | null = null;
  const requests = new LineRequests((order) => {
    orders.push(order);
    wakeUp?.();
  });
  return { requests, orders, next: () => new Promise((resolve) => (wakeUp = resolve)) };
}

test("each question has its own answer", async () => {
  const { requests, orders } = heard();
  const answers = [requests.recent(query), requests.recent({ ...query, worker: 1 })];
  requests.take({ type: "lines", request: 1, lines: [line], lost: 0 });
  requests.take({ type: "lines", request: 0, lines: [], lost: 0 });
  expect(await Promise.all(answers)).toEqual([[], [line]]);
  expect(orders).toEqual([
    { do: "lines", request: 0, query, follow: false },
    { do: "lines", request: 1, query: { ...query, worker: 1 }, follow: false },
  ]);
});

test("who waits when the thread ends, and who asks after, is told nothing", async () => {
  const { requests, orders } = heard();
  const before = requests.recent(query);
  requests.end();
  expect([await before, await requests.recent(query)]).toEqual([[], []]);
  expect(orders).toHaveLength(1);
});

test("more is asked for when what was heard has been dealt with, and not before", async () => {
  const { requests, orders, next } = heard();
  const dealtWith = Promise.withResolvers<void>();
  const told: number[] = [];
  const stop = requests.follow(query, (lines, lost) => {
    told.push(lines.length, lost);
    return dealtWith.promise;
  });
  requests.take({ type: "lines", request: 0, lines: [line], lost: 3 });
  await new Promise(setImmediate);
  expect([told, orders.length]).toEqual([[1, 3], 1]);
  const more = next();
  dealtWith.resolve();
  await more;
  stop();
  stop();
  expect(orders.slice(1)).toEqual([
    { do: "lines_heard", request: 0 },
    { do: "lines_unfollow", request: 0 },
  ]);
  requests.take({ type: "lines", request: 0, lines: [line], lost: 0 });
  await new Promise(setImmediate);
  expect(told).toEqual([1, 3]);
});

test("one who fails to listen follows no more", async () => {
  const { requests, orders, next } = heard();
  requests.follow(query, () => {
    throw new Error("no");
  });
  const stopped = next();
  requests.take({ type: "lines", request: 0, lines: [line], lost: 0 });
  await stopped;
  expect(orders.at(-1)).toEqual({ do: "lines_unfollow", request: 0 });
});
