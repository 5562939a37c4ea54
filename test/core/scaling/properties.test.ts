import { describe, expect, test } from "bun:test";
import type { DampingSpec } from "../../../src/core/farm/scaling-spec.ts";
import type { HostShortage } from "../../../src/core/scaling/load.ts";
import { arbitrate, type Claim } from "../../../src/core/scaling/arbiter.ts";
import { initialState, plan, type PlannedConsumer } from "../../../src/core/scaling/plan.ts";
import { dampingDefaults } from "../../support/specs.ts";
import { pool, quiet, told } from "./rehearsal.ts";
import { Shell } from "./shell.ts";

type Random = (below: number) => number;

/** The same whole numbers for the same seed (mulberry32). */
function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below) | 0;
  };
}

const seeds = Array.from({ length: 60 }, (_, seed) => seed);
const names = ["d", "b", "a", "c"];

function someDamping(random: Random): DampingSpec {
  return {
    ...dampingDefaults,
    tolerance: random(2) / 10,
    upWindowMs: random(2) * 30_000,
    downWindowMs: random(2) * 60_000,
    upPolicies: random(2) ? [{ kind: "percent", value: 50, periodMs: 30_000 }] : [],
    downPolicies: random(2) ? [{ kind: "workers", value: 2, periodMs: 30_000 }] : [],
    panic: random(2) ? { threshold: 2, windowMs: 60_000 } : null,
    paused: random(8) === 0,
  };
}

function someFarm(random: Random): { consumers: PlannedConsumer[]; cap: number } {
  const consumers: PlannedConsumer[] = names.map((name): PlannedConsumer => {
    if (random(5) === 0) return { name, size: { kind: "static", processes: 1 + random(3) } };
    const min = random(3);
    return pool(name, min, min + 1 + random(10), {
      strategy: told,
      priority: random(3),
      scaleUpCooldownMs: random(3) * 10_000,
      scaleDownCooldownMs: random(3) * 60_000,
      scaleUpStep: 1 + random(6),
      scaleDownStep: 1 + random(3),
      damping: someDamping(random),
    });
  });
  const least = consumers.reduce((sum, { size }) => sum + (size.kind === "static" ? size.processes : size.min), 0);
  return { consumers, cap: least + random(15) };
}

const wishes = (random: Random) => Object.fromEntries(names.map((name) => [name, random(3) ? random(16) : 0]));

const byName = (a: { readonly consumer: string }, b: { readonly consumer: string }) =>
  a.consumer < b.consumer ? -1 : 1;

describe("over random histories", () => {
  test.each(seeds)(
    "no instant has more processes than the cap, and every target lies within its bounds (seed %p)",
    (seed) => {
      const random = seeded(seed);
      const { consumers, cap } = someFarm(random);
      const bounds = new Map(
        consumers.map(({ name, size }) => [
          name,
          size.kind === "static" ? [size.processes, size.processes] : [size.min, size.max],
        ]),
      );
      const shell = new Shell(consumers, cap, random(40));
      for (let second = 0; second < 1_000; second += 10) {
        const decisions = shell.evaluate(second, wishes(random));
        expect(shell.most).toBeLessThanOrEqual(cap);
        expect(decisions.reduce((sum, { allocated }) => sum + allocated, 0)).toBeLessThanOrEqual(cap);
        for (const { consumer, target, allocated, desired } of decisions) {
          const [min = 0, max = 0] = bounds.get(consumer) ?? [];
          expect([target, allocated, desired].every((workers) => Number.isSafeInteger(workers) && workers >= 0)).toBe(
            true,
          );
          expect([target, allocated].every((workers) => workers >= min && workers <= max)).toBe(true);
        }
      }
    },
  );

  test.each(seeds)("the order of consumers and of loads changes no decision (seed %p)", (seed) => {
    const random = seeded(seed);
    const { consumers, cap } = someFarm(random);
    const shuffled = consumers.toSorted(() => random(3) - 1);
    let states = [initialState(consumers), initialState(shuffled)] as const;
    for (let second = 0; second < 300; second += 10) {
      const asked = wishes(random);
      const shortages: HostShortage[] = random(5) ? [] : ["host_memory"];
      const at = (order: readonly PlannedConsumer[], state: (typeof states)[0]) => {
        const loads = order.toReversed().map(({ name }) => {
          const current = state.pools.get(name)?.target ?? 0;
          return [name, quiet(name, current, { commandAnswer: asked[name] ?? 0 })] as const;
        });
        const shared = { totalCap: cap, nowMs: second * 1000, epochMs: 0, shortages };
        return plan({ consumers: order, loads: new Map(loads), state, ...shared });
      };
      const [first, second_] = [at(consumers, states[0]), at(shuffled, states[1])];
      expect(second_.decisions.toSorted(byName)).toEqual(first.decisions.toSorted(byName));
      states = [first.state, second_.state];
    }
  });
});

const someClaims = (random: Random): Claim[] =>
  names.map((name) => {
    const min = random(3);
    return { name, min, max: min + random(10), priority: random(3), desired: random(20), current: random(8) };
  });

describe("for random claims", () => {
  test.each(seeds)(
    "every grant lies between the minimum and what is wanted, and all of them below the cap (seed %p)",
    (seed) => {
      const random = seeded(seed);
      const claims = someClaims(random);
      const cap = claims.reduce((sum, { min }) => sum + min, 0) + random(20);
      const granted = arbitrate(claims, cap);
      if (typeof granted === "string") throw new Error(granted);
      expect([...granted.values()].reduce((sum, workers) => sum + workers, 0)).toBeLessThanOrEqual(cap);
      for (const { name, min, max, desired } of claims) {
        const workers = granted.get(name) ?? -1;
        expect(workers).toBeGreaterThanOrEqual(min);
        expect(workers).toBeLessThanOrEqual(Math.max(min, Math.min(max, desired)));
      }
    },
  );

  test.each(seeds)("what lower priorities want changes nothing for a higher one (seed %p)", (seed) => {
    const random = seeded(seed);
    const claims = someClaims(random);
    const cap = claims.reduce((sum, { min }) => sum + min, 0) + random(20);
    const other = claims.map((claim): Claim =>
      claim.priority < 2 ? Object.assign({}, claim, { desired: random(20) }) : claim,
    );
    const [before, after] = [arbitrate(claims, cap), arbitrate(other, cap)];
    if (typeof before === "string" || typeof after === "string") throw new Error("the minimums fit");
    const highest = claims.filter(({ priority }) => priority === 2).map(({ name }) => name);
    expect(highest.map((name) => after.get(name))).toEqual(highest.map((name) => before.get(name)));
  });
});

describe("whatever a load says", () => {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -3, 1e308, 0.5];

  test.each(odd)("targets stay whole and within bounds (%p)", (value) => {
    const strategy = {
      type: "max",
      of: [
        told,
        { type: "utilization", target: 0.7, scaleUpThreshold: 0.7, scaleDownThreshold: 0.3 },
        { type: "queue", queues: [], perWorker: null, maxWaitMs: 1_000, timeoutMs: 1, onFailure: { kind: "hold" } },
      ],
    } as const;
    const consumers = [pool("a", 1, 5, { strategy })];
    let state = initialState(consumers);
    for (const nowMs of [0, 10_000, 20_000]) {
      const load = quiet("a", 1, {
        busy: value,
        throughput: value,
        serviceSeconds: value,
        queueDepth: value,
        commandAnswer: value,
      });
      const { decisions, state: next } = plan({
        consumers,
        loads: new Map([["a", load]]),
        state,
        totalCap: null,
        nowMs,
        epochMs: 0,
        shortages: [],
      });
      state = next;
      const [decision] = decisions;
      expect(decision?.target).toBeWithin(1, 6);
      expect([decision?.target, decision?.desired].every((workers) => Number.isInteger(workers))).toBe(true);
    }
  });
});
