import { describe, expect, test } from "bun:test";
import { initialState, plan } from "../../../src/core/scaling/plan.ts";
import { pool, quiet } from "./rehearsal.ts";

/** A queue that a pool empties, oldest first, in virtual time; evaluated every `stepSeconds`. Returns the waits and the worker-seconds. */
function rehearse(given: {
  readonly arrivals: readonly number[];
  readonly serviceSeconds: () => number;
  readonly maxWaitSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds?: number;
}) {
  const { arrivals, serviceSeconds, maxWaitSeconds, endSeconds, stepSeconds = 1 } = given;
  const strategy = {
    type: "queue",
    queues: [],
    perWorker: null,
    maxWaitMs: maxWaitSeconds * 1000,
    timeoutMs: 1,
    onFailure: { kind: "hold" },
  } as const;
  const eager = { scaleUpCooldownMs: 0, scaleDownCooldownMs: 0, scaleUpStep: 100, scaleDownStep: 100 };
  const consumers = [pool("a", 1, 100, { ...eager, strategy })];
  let state = initialState(consumers);
  let target = 1;
  let inHand: { ends: number; took: number }[] = [];
  let next = 0;
  const queue: number[] = [];
  const waits: number[] = [];
  let workerSeconds = 0;
  const tick = 0.05;
  let [busy, ended, took] = [0, 0, 0];
  for (let step = 1; step * tick <= endSeconds; step++) {
    const now = step * tick;
    for (const done of inHand.filter(({ ends }) => ends <= now)) [ended, took] = [ended + 1, took + done.took];
    inHand = inHand.filter(({ ends }) => ends > now);
    for (; (arrivals[next] ?? Number.POSITIVE_INFINITY) <= now; next++) queue.push(arrivals[next] ?? 0);
    while (inHand.length < target && queue.length > 0) {
      waits.push(now - (queue.shift() ?? 0));
      const service = serviceSeconds();
      inHand.push({ ends: now + service, took: service });
    }
    busy += inHand.length * tick;
    workerSeconds += Math.max(target, inHand.length) * tick;
    if (step % Math.round(stepSeconds / tick) !== 0) continue;
    const load = quiet("a", target, {
      busy: busy / stepSeconds,
      throughput: ended / stepSeconds,
      serviceSeconds: ended === 0 ? null : took / ended,
      queueDepth: queue.length,
    });
    [busy, ended, took] = [0, 0, 0];
    const times = { nowMs: Math.round(now * 1000), epochMs: 0 };
    const planned = plan({ consumers, loads: new Map([["a", load]]), state, totalCap: null, shortages: [], ...times });
    state = planned.state;
    target = planned.decisions[0]?.target ?? 0;
  }
  const sorted = waits.toSorted((a, b) => a - b);
  return {
    longest: sorted.at(-1) ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    workerSeconds,
    handled: waits.length,
  };
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 4_294_967_296;
  };
}

/** Poisson arrivals at a rate that changes over time. */
function poisson(random: () => number, endSeconds: number, rate: (second: number) => number, most: number): number[] {
  const arrivals: number[] = [];
  for (let at = 0; at < endSeconds;) {
    at += -Math.log(random()) / most;
    if (random() < rate(at) / most) arrivals.push(at);
  }
  return arrivals;
}

const rate = (second: number) => 3 + 2.5 * Math.sin((second / 1800) * 2 * Math.PI);

describe("the longest wait as an objective", () => {
  test("a sudden backlog is gone in time, with little more than the work it is", () => {
    const arrivals = Array.from({ length: 200 }, () => 20);
    const { longest, workerSeconds, handled } = rehearse({
      arrivals,
      serviceSeconds: () => 1.5,
      maxWaitSeconds: 30,
      endSeconds: 120,
    });
    expect(handled).toBe(200);
    expect(longest).toBeLessThanOrEqual(30);
    expect(workerSeconds).toBeLessThan(300 * 1.4);
  });

  test.each([1, 2, 3])("is met under a daily curve of random arrivals and services (seed %p)", (seed) => {
    const random = seeded(seed);
    const arrivals = poisson(random, 1800, rate, 6);
    const exponential = () => -Math.log(random());
    const { p99, workerSeconds, handled } = rehearse({
      arrivals,
      serviceSeconds: exponential,
      maxWaitSeconds: 20,
      endSeconds: 1860,
    });
    expect(handled).toBe(arrivals.length);
    expect(p99).toBeLessThanOrEqual(20);
    expect(workerSeconds).toBeLessThan(arrivals.length * 1.15);
  });

  test.each([1, 2, 3])("is met when it is hardly longer than a service (seed %p)", (seed) => {
    const random = seeded(seed);
    const arrivals = poisson(random, 1200, () => 5, 5);
    const exponential = () => -Math.log(random());
    const { p99, workerSeconds } = rehearse({
      arrivals,
      serviceSeconds: exponential,
      maxWaitSeconds: 3,
      endSeconds: 1260,
    });
    expect(p99).toBeLessThanOrEqual(3);
    expect(workerSeconds).toBeLessThan(arrivals.length * 1.35);
  });

  test.each([1, 2, 3])("a ramp is followed (seed %p)", (seed) => {
    const random = seeded(seed);
    const arrivals = poisson(random, 60, (second) => 1 + (9 * second) / 60, 10);
    const { longest, workerSeconds } = rehearse({
      arrivals,
      serviceSeconds: () => 1,
      maxWaitSeconds: 10,
      endSeconds: 120,
    });
    expect(longest).toBeLessThanOrEqual(10);
    expect(workerSeconds).toBeLessThan(arrivals.length * 1.3);
  });
});
