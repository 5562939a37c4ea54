import { describe, expect, test } from "bun:test";
import { arrivalTimes, type Arrivals } from "../../../src/core/simulation/arrivals.ts";
import { Pool } from "../../../src/core/simulation/pool.ts";
import { randomFrom } from "../../../src/core/simulation/random.ts";
import { drawServiceTime, type ServiceTime } from "../../../src/core/simulation/service-time.ts";
import { TimeHeap } from "../../../src/core/simulation/time-heap.ts";
import { waitsOf, meetsObjective } from "../../../src/core/simulation/waits.ts";
import type { Work } from "../../../src/core/simulation/work.ts";

/** Messages that take 1 s each and arrive at these times. */
function work(arrivesAt: readonly number[], failures: readonly number[] = []): Work {
  const deliveries = arrivesAt.length + failures.reduce((sum, each) => sum + each, 0);
  return {
    arrivesAt: Float64Array.from(arrivesAt),
    serviceSeconds: new Float64Array(arrivesAt.length).fill(1),
    failures: Uint8Array.from(arrivesAt.map((_, id) => failures[id] ?? 0)),
    deliveries,
  };
}

const pool = (workers: number, of: Work): Pool =>
  new Pool({ consumer: "a", workers, startSeconds: 2, warmUpSeconds: 3 }, of);

describe("a pool in virtual time", () => {
  test("takes messages in the order of their arrival", () => {
    const one = pool(1, work([0, 0, 0.5]));
    one.runUntil(10);
    expect([...one.totals.waits]).toEqual([0, 1, 1.5]);
    expect(one.isDone).toBe(true);
  });

  test("lets a new worker take messages only when it has started", () => {
    const one = pool(1, work([0, 0, 0, 0]));
    one.scaleTo(2);
    one.runUntil(10);
    expect([...one.totals.waits]).toEqual([0, 1, 2, 2]);
  });

  test("sends idle workers away first, and lets a busy one finish", () => {
    const two = pool(2, work([0]));
    two.runUntil(0.5);
    two.scaleTo(1);
    expect(two.measure()).toMatchObject({ current: 1, live: 1, busy: 1 });
    two.scaleTo(0);
    expect(two.measure()).toMatchObject({ current: 0, live: 1 });
    two.runUntil(2);
    expect(two.measure()).toMatchObject({ current: 0, live: 0, throughput: 1 / 1.5, serviceSeconds: 1 });
    expect(two.workerSeconds.now).toBe(0.5 * 2 + 0.5);
  });

  test("starts a worker from none, and tells which ones still warm up", () => {
    const none = pool(0, work([0]));
    none.runUntil(1);
    expect(none.measure()).toMatchObject({ current: 0, queueDepth: 1, busy: 0 });
    none.scaleTo(1);
    none.runUntil(3.5);
    expect(none.measure()).toMatchObject({ current: 1, queueDepth: 0, warmingUp: 1, busy: 0.2 });
    none.runUntil(4);
    expect(none.measure()).toMatchObject({ warmingUp: 0 });
  });

  test("delivers a failed message again after 1 s, then 2 s, each wait counted by itself", () => {
    const one = pool(1, work([0], [2]));
    one.runUntil(5.9);
    expect([one.unfinished, one.isDone, [...one.totals.waits]]).toEqual([1, false, [0, 0, 0]]);
    one.runUntil(6);
    expect([one.unfinished, one.isDone]).toEqual([0, true]);
  });

  test("gives a message up after three retries", () => {
    const one = pool(1, work([0], [4]));
    one.runUntil(100);
    expect([one.isDone, one.totals.waits.length]).toEqual([true, 4]);
  });

  test("leaves out of the busy time who is on the way out", () => {
    const two = pool(2, work([0, 0]));
    two.runUntil(0.5);
    two.scaleTo(1);
    two.measure();
    two.runUntil(0.75);
    expect(two.measure()).toMatchObject({ busy: 1, current: 1, live: 2 });
  });

  test("measures means since the last time", () => {
    const two = pool(2, work([0, 0, 2]));
    two.runUntil(2);
    expect(two.measure()).toMatchObject({ busy: 1, throughput: 1 });
    two.runUntil(4);
    expect(two.measure()).toMatchObject({ busy: 0.5, throughput: 0.5 });
  });
});

test("a heap of times gives equal times in the order they were put in", () => {
  const heap = new TimeHeap();
  const random = randomFrom(5);
  const times = Array.from({ length: 300 }, () => Math.floor(random() * 20));
  times.forEach((time, thing) => heap.put(time, thing));
  const taken = times.map(() => heap.take());
  const expected = times
    .map((time, thing) => ({ time, thing }))
    .toSorted((a, b) => a.time - b.time || a.thing - b.thing);
  expect(taken).toEqual(expected.map(({ thing }) => thing));
  expect([heap.take(), heap.next, heap.size]).toEqual([-1, Infinity, 0]);
});

const at = (arrivals: Partial<Arrivals>, seconds: number): Float64Array =>
  arrivalTimes({ pieces: [], bursts: [], periodSeconds: null, ...arrivals }, seconds, randomFrom(1));
const between = (times: Float64Array, from: number, to: number): number =>
  times.filter((time) => time >= from && time < to).length;

describe("arrivals", () => {
  test("follow a rate that changes, and one that climbs", () => {
    const steps = at({ pieces: [piece(0, 1), piece(1000, 10)] }, 2000);
    expect(Math.abs(between(steps, 0, 1000) - 1000)).toBeLessThan(100);
    expect(Math.abs(between(steps, 1000, 2000) - 10_000)).toBeLessThan(300);
    const climb = at({ pieces: [{ fromSeconds: 0, perSecond: 0, untilPerSecond: 20 }] }, 2000);
    expect(Math.abs(between(climb, 0, 1000) - 5000)).toBeLessThan(250);
    expect(Math.abs(between(climb, 1000, 2000) - 15_000)).toBeLessThan(400);
    const fall = at({ pieces: [{ fromSeconds: 0, perSecond: 20, untilPerSecond: 0 }] }, 2000);
    expect(Math.abs(between(fall, 0, 1000) - 15_000)).toBeLessThan(400);
  });

  test("come at once in a burst, again in every period, and none at the end", () => {
    const times = at({ bursts: [{ atSeconds: 5, messages: 3 }], periodSeconds: 30 }, 65);
    expect([...times]).toEqual([5, 5, 5, 35, 35, 35]);
  });

  test("are ascending and before the end", () => {
    const times = at({ pieces: [piece(0, 5)], bursts: [{ atSeconds: 10, messages: 2 }] }, 50);
    expect(times).toEqual(times.toSorted());
    expect(times.at(-1)).toBeLessThan(50);
  });
});

const piece = (fromSeconds: number, perSecond: number): Arrivals["pieces"][number] => ({
  fromSeconds,
  perSecond,
  untilPerSecond: perSecond,
});

test.each<[ServiceTime, number]>([
  [{ type: "const", meanSeconds: 2 }, 0],
  [{ type: "exp", meanSeconds: 2 }, 4],
  [{ type: "lognormal", meanSeconds: 2, sigma: 0.5 }, 4 * (Math.exp(0.25) - 1)],
])("%j has its mean, and the variance %d", (time, variance) => {
  const random = randomFrom(7);
  const drawn = Array.from({ length: 100_000 }, () => drawServiceTime(time, random));
  const mean = drawn.reduce((sum, each) => sum + each, 0) / drawn.length;
  expect(Math.abs(mean - 2)).toBeLessThan(0.03);
  expect(Math.abs(drawn.reduce((sum, each) => sum + (each - mean) ** 2, 0) / drawn.length - variance)).toBeLessThan(
    0.1,
  );
});

describe("waits", () => {
  test("have nearest-rank percentiles and a share within the objective", () => {
    const seconds = Float64Array.from({ length: 100 }, (_, index) => 100 - index);
    const waits = waitsOf(seconds, 95);
    expect(waits).toEqual({ messages: 100, mean: 50.5, p95: 95, p99: 99, max: 100, withinObjective: 0.95 });
    expect(meetsObjective(waits)).toBe(true);
    expect(meetsObjective(waitsOf(seconds, 94.9))).toBe(false);
  });

  test("are 0 when there were none", () => {
    const none = { messages: 0, mean: 0, p95: 0, p99: 0, max: 0, withinObjective: 1 };
    expect(waitsOf(new Float64Array(0), 1)).toEqual(none);
  });
});
