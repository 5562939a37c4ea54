import { describe, expect, test } from "bun:test";
import type { StrategySpec } from "../../../src/core/farm/scaling-spec.ts";
import { initialState, plan, type PlannedConsumer } from "../../../src/core/scaling/plan.ts";
import { dampingDefaults } from "../../support/specs.ts";
import { pool, quiet, Rehearsal, told } from "./rehearsal.ts";
import { Shell } from "./shell.ts";

const half: StrategySpec = { type: "utilization", target: 0.7, scaleUpThreshold: 0.7, scaleDownThreshold: 0.35 };
const eager = { scaleUpCooldownMs: 0, scaleDownCooldownMs: 0, scaleUpStep: 100, scaleDownStep: 100 };

const at = (consumers: readonly PlannedConsumer[], state: ReturnType<typeof initialState>) =>
  plan({
    consumers,
    loads: new Map([["a", quiet("a", state.pools.get("a")?.target ?? 0, { commandAnswer: 9 })]]),
    state,
    totalCap: null,
    nowMs: 0,
    epochMs: 0,
    shortages: [],
  });

describe("plan", () => {
  test("tells every stage of a decision", () => {
    const rehearsal = new Rehearsal([pool("async", 1, 10, { strategy: half })]);
    expect(rehearsal.at(0, { async: { busy: 1 } })).toEqual([
      {
        consumer: "async",
        atMs: 0,
        current: 1,
        busy: 1,
        queueDepth: null,
        desired: 2,
        allocated: 2,
        previous: 1,
        target: 2,
        reason: "scaled_up",
        stages: ["utilization: 1.00 of 1 busy is 1.00, above 0.7: 1.00 / 0.7 makes 2"],
      },
    ]);
  });

  test("smooths the busy share", () => {
    const rehearsal = new Rehearsal([pool("a", 1, 10, { strategy: half })]);
    rehearsal.at(0);
    const [decision] = rehearsal.at(30, { a: { busy: 1 } });
    expect(decision?.busy).toBeCloseTo(0.632, 3);
  });

  test("a clock that goes back changes nothing and breaks nothing", () => {
    const rehearsal = new Rehearsal([pool("a", 1, 10, { strategy: half })]);
    rehearsal.at(100, { a: { busy: 0.5 } });
    expect(rehearsal.at(50, { a: { busy: 1 } })[0]).toMatchObject({ busy: 0.5, target: 1, reason: "steady" });
  });

  test("a pool at 0 wakes up as soon as something waits, and goes back when nothing does", () => {
    const strategy: StrategySpec = {
      type: "queue",
      queues: [{ kind: "redis", url: "redis://localhost", key: "jobs", shape: "list" }],
      perWorker: null,
      maxWaitMs: 30_000,
      timeoutMs: 2_000,
      onFailure: { kind: "hold" },
    };
    const rehearsal = new Rehearsal([pool("a", 0, 5, { ...eager, strategy })]);
    const size = (seconds: number, depth: number, busy = 0) =>
      rehearsal.at(seconds, { a: { queueDepth: depth, busy } })[0]?.target;
    expect(size(0, 0)).toBe(0);
    expect(size(10, 1)).toBe(1);
    expect(size(20, 0, 0.4)).toBe(1);
    expect(size(30, 0)).toBe(0);
  });

  test("a failing source is the reason when nothing moves", () => {
    const rehearsal = new Rehearsal([pool("a", 1, 9, { strategy: told })]);
    expect(rehearsal.ask(0, 3)).toEqual([3, "scaled_up"]);
    const [decision] = rehearsal.at(10, { a: { commandFailure: "exit code 1" } });
    expect(decision).toMatchObject({ target: 3, reason: "fallback", stages: ["source failed (exit code 1): hold 3"] });
  });

  test("a consumer without a load keeps its size", () => {
    const consumers = [pool("a", 2, 9, { strategy: half })];
    const { decisions } = plan({
      consumers,
      loads: new Map(),
      state: initialState(consumers),
      totalCap: null,
      nowMs: 0,
      epochMs: 0,
      shortages: [],
    });
    expect(decisions[0]).toMatchObject({ current: 2, target: 2, reason: "steady" });
  });

  test("a new maximum and a new minimum are taken at once", () => {
    const before = [pool("a", 1, 9, { ...eager, strategy: told })];
    const { state } = at(before, initialState(before));
    const knobs = { strategy: told };
    expect(at([pool("a", 1, 3, knobs)], state).decisions[0]).toMatchObject({
      previous: 9,
      target: 3,
      reason: "scaled_down",
    });
    expect(at([pool("a", 12, 20, knobs)], state).decisions[0]).toMatchObject({
      previous: 9,
      target: 12,
      reason: "scaled_up",
    });
  });
});

describe("the cap", () => {
  test("static consumers hold their slots", () => {
    const fixed: PlannedConsumer = { name: "fixed", size: { kind: "static", processes: 3 } };
    const rehearsal = new Rehearsal([pool("auto", 1, 10, { ...eager, strategy: told }), fixed], 8);
    const decisions = rehearsal.at(0, { auto: { commandAnswer: 10 } });
    expect(decisions.map(({ target, allocated }) => [target, allocated])).toEqual([
      [5, 5],
      [3, 3],
    ]);
    expect(rehearsal.at(10, { auto: { commandAnswer: 10 } })[0]).toMatchObject({
      desired: 10,
      target: 5,
      reason: "capped",
    });
  });

  test("holds at every instant while a high priority takes over from a low one", () => {
    const shell = new Shell(
      [pool("high", 1, 10, { strategy: told, priority: 10 }), pool("low", 1, 10, { strategy: told })],
      10,
      7,
    );
    for (let second = 0; second <= 1500; second += 10) {
      shell.evaluate(second, { high: second < 300 ? 1 : 8, low: 8 });
      expect(shell.most).toBeLessThanOrEqual(10);
    }
    expect([shell.target("high"), shell.target("low")]).toEqual([8, 2]);
  });

  test("a low priority gives way without its cool-down and beyond its step, the high one grows when slots are free", () => {
    const knobs = { strategy: told, scaleUpStep: 10 };
    const pools = new Rehearsal([pool("high", 1, 10, { ...knobs, priority: 10 }), pool("low", 1, 10, knobs)], 10);
    expect(pools.at(0, { high: { commandAnswer: 1 }, low: { commandAnswer: 8 } }).map(({ target }) => target)).toEqual([
      1, 8,
    ]);
    const taken = pools.at(10, { high: { commandAnswer: 8 }, low: { commandAnswer: 8 } });
    expect(taken.map(({ target, reason }) => [target, reason])).toEqual([
      [2, "scaled_up"],
      [2, "scaled_down"],
    ]);
    const draining = pools.at(40, { high: { commandAnswer: 8 }, low: { commandAnswer: 8, live: 8 } });
    expect(draining.map(({ target, reason }) => [target, reason])).toEqual([
      [2, "capped"],
      [2, "capped"],
    ]);
    const freed = pools.at(50, { high: { commandAnswer: 8 }, low: { commandAnswer: 8 } });
    expect(freed.map(({ target }) => target)).toEqual([8, 2]);
  });

  test("a pool that only waits for its cool-down gives way as far as another needs it", () => {
    const knobs = { strategy: told, scaleUpStep: 10 };
    const pools = new Rehearsal([pool("high", 1, 10, { ...knobs, priority: 10 }), pool("low", 1, 10, knobs)], 10);
    pools.at(0, { high: { commandAnswer: 1 }, low: { commandAnswer: 9 } });
    const taken = pools.at(10, { high: { commandAnswer: 4 }, low: { commandAnswer: 1 } });
    expect(taken.map(({ target, reason }) => [target, reason])).toEqual([
      [1, "capped"],
      [6, "scaled_down"],
    ]);
    const awaited = pools.at(20, { high: { commandAnswer: 4 }, low: { commandAnswer: 1, live: 9 } });
    expect(awaited.map(({ target }) => target)).toEqual([1, 6]);
    expect(pools.at(30, { high: { commandAnswer: 4 }, low: { commandAnswer: 1 } }).map(({ target }) => target)).toEqual(
      [4, 6],
    );
  });

  test("a higher priority does not give way to a lower one", () => {
    const knobs = { strategy: told, scaleUpStep: 10 };
    const pools = new Rehearsal([pool("high", 1, 10, { ...knobs, priority: 10 }), pool("low", 1, 10, knobs)], 10);
    pools.at(0, { high: { commandAnswer: 9 }, low: { commandAnswer: 1 } });
    pools.at(30, { high: { commandAnswer: 8 }, low: { commandAnswer: 1 } });
    const taken = pools.at(40, { high: { commandAnswer: 1 }, low: { commandAnswer: 9 } });
    expect(taken.map(({ target, reason }) => [target, reason])).toEqual([
      [8, "cooldown_down"],
      [2, "scaled_up"],
    ]);
  });

  test("a pool without a load keeps its slots whoever wants them", () => {
    const consumers = [
      pool("high", 1, 10, { ...eager, strategy: told, priority: 10 }),
      pool("low", 1, 10, { ...eager, strategy: told }),
    ];
    const shared = { consumers, totalCap: 8, epochMs: 0, shortages: [] };
    const low = quiet("low", 1, { commandAnswer: 6 });
    const high = quiet("high", 1, { commandAnswer: 9 });
    const { state } = plan({ ...shared, state: initialState(consumers), nowMs: 0, loads: new Map([["low", low]]) });
    const { decisions } = plan({ ...shared, state, nowMs: 10_000, loads: new Map([["high", high]]) });
    expect(decisions.map(({ target }) => target)).toEqual([2, 6]);
  });

  test("a paused pool keeps its slots whoever wants them", () => {
    const paused = { ...eager, strategy: told, damping: { ...dampingDefaults, paused: true } };
    const pools = new Rehearsal(
      [pool("high", 1, 10, { ...eager, strategy: told, priority: 10 }), pool("low", 3, 10, paused)],
      8,
    );
    const decisions = pools.at(0, { high: { commandAnswer: 10 }, low: { commandAnswer: 1 } });
    expect(decisions.map(({ target, reason }) => [target, reason])).toEqual([
      [5, "scaled_up"],
      [3, "paused"],
    ]);
  });
});
