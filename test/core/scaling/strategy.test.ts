import { describe, expect, test } from "bun:test";
import type { FailureAnswer, QueueSpec, StrategySpec } from "../../../src/core/farm/scaling-spec.ts";
import type { Load } from "../../../src/core/scaling/load.ts";
import { initialPool, type PoolState } from "../../../src/core/scaling/pool-state.ts";
import { ask } from "../../../src/core/scaling/strategy.ts";
import { quiet } from "./rehearsal.ts";

const list: QueueSpec = { kind: "redis", url: "redis://localhost", key: "jobs", shape: "list" };
const hold: FailureAnswer = { kind: "hold" };

const queue = (changes: Partial<Extract<StrategySpec, { type: "queue" }>>): StrategySpec => ({
  type: "queue",
  queues: [list],
  perWorker: null,
  maxWaitMs: null,
  timeoutMs: 2_000,
  onFailure: hold,
  ...changes,
});
const command = (onFailure: FailureAnswer): StrategySpec => ({
  type: "command",
  command: ["x"],
  mode: "once",
  timeoutMs: 1,
  onFailure,
});
const schedule = (min: number | null, max: number | null): StrategySpec => ({
  type: "schedule",
  timeZone: "UTC",
  rules: [{ cron: "* * * * *", min, max }],
});

/** A pool of three with a minimum of 1 at second 100. */
function desired(strategy: StrategySpec, load: Partial<Load>, pool: Partial<PoolState> = {}): number {
  const seen = quiet("a", 3, load);
  return ask(strategy, { load: seen, pool: { ...initialPool(3), ...pool }, min: 1, nowMs: 100_000, epochMs: 0 })
    .desired;
}

describe("messages for each worker", () => {
  const ten = queue({ perWorker: 10 });

  test.each([
    ["nothing at all is nobody", { queueDepth: 0 }, 0],
    ["one message is one worker", { queueDepth: 1 }, 1],
    ["a backlog is divided", { queueDepth: 41 }, 5],
    ["those in hand count", { queueDepth: 18, busy: 3 }, 3],
    ["those in hand keep a worker", { queueDepth: 0, busy: 0.2 }, 1],
    ["slots of a worker are messages in hand", { queueDepth: 10, busy: 2, slotsPerWorker: 10 }, 3],
  ])("%s", (_, load, expected) => {
    expect(desired(ten, load)).toBe(expected);
  });
});

test.each([
  [{ perWorker: 10 }, 12, "queue: 12 tasks waiting and 2.0 in hand, 10 a worker: 2"],
  [{ maxWaitMs: 5_000 }, 12, "queue: 12 tasks waiting, at most 5 s; how long a message takes is not known yet: 4"],
  [{ maxWaitMs: 5_000 }, 0, "queue: 0 tasks waiting, at most 5 s; how long a message takes is not known yet: 2"],
])("tasks of the consumer itself are called so: %j, %d waiting", (objective, queueDepth, words) => {
  const load = quiet("a", 3, { queueDepth, busy: 2 });
  const strategy = queue({ queues: [{ kind: "tasks" }], ...objective });
  expect(ask(strategy, { load, pool: initialPool(3), min: 1, nowMs: 100_000, epochMs: 0 }).words).toBe(words);
});

test("no task is told as none", () => {
  const strategy = queue({ queues: [{ kind: "tasks" }], maxWaitMs: 5_000 });
  const load = quiet("a", 3, { queueDepth: 0 });
  const { desired: size, words } = ask(strategy, {
    load,
    pool: initialPool(3),
    min: 0,
    nowMs: 100_000,
    epochMs: 0,
  });
  expect([size, words]).toEqual([0, "queue: no tasks waiting, nothing in hand"]);
});

const waiting = (messages: number, sinceMs = 100_000) => ({ waiting: [{ sinceMs, messages }] });

describe("the longest wait", () => {
  const half = queue({ maxWaitMs: 30_000 });

  test.each<[string, Partial<Load>, Partial<PoolState>, number]>([
    ["nothing at all is nobody", { queueDepth: 0 }, { arrivals: 5, serviceSeconds: 1 }, 0],
    [
      "a drain within the objective: 100 × 1.5 / (27 - 1.5)",
      { queueDepth: 100 },
      { ...waiting(100), serviceSeconds: 1.5 },
      6,
    ],
    [
      "less time is left to older ones: 67 × 1.5 / (17 - 1.5)",
      { queueDepth: 67 },
      { ...waiting(67, 90_000), serviceSeconds: 1.5 },
      7,
    ],
    [
      "those too late get a twentieth: 20 × 0.3 / 1.5",
      { queueDepth: 20 },
      { ...waiting(20, 0), serviceSeconds: 0.3 },
      4,
    ],
    ["never more than a slot for each", { queueDepth: 4 }, { ...waiting(4, 0), serviceSeconds: 60 }, 4],
    [
      "nor for each that will come: 1 + 0.1 × 15",
      { queueDepth: 1 },
      { ...waiting(1), arrivals: 0.1, serviceSeconds: 60 },
      3,
    ],
    [
      "a short line may grow: (1 + 5 × 15) × 1 / (21 + 15)",
      { queueDepth: 1 },
      { ...waiting(1), arrivals: 5, serviceSeconds: 1 },
      3,
    ],
    [
      "arrivals are kept up with once they wait 0.7 of it",
      { queueDepth: 105 },
      { ...waiting(105), arrivals: 5, serviceSeconds: 1 },
      5,
    ],
    [
      "a long line is looked after before it is late: (100 + 60) × 1 / 36",
      { queueDepth: 100 },
      { ...waiting(100), arrivals: 4, serviceSeconds: 1 },
      5,
    ],
    [
      "slots are shared out over workers",
      { queueDepth: 100, slotsPerWorker: 5 },
      { ...waiting(100), serviceSeconds: 1.5 },
      2,
    ],
    [
      "a worker stays while fewer would let the line pass half of it: (30 + 37.5) × 1 / (15 + 15)",
      { queueDepth: 30 },
      { ...waiting(30), arrivals: 2.5, serviceSeconds: 1 },
      3,
    ],
    [
      "and goes when fewer will do: (10 + 37.5) × 1 / 30",
      { queueDepth: 10 },
      { ...waiting(10), arrivals: 2.5, serviceSeconds: 1 },
      2,
    ],
    ["one more for each evaluation while nothing has ended", { queueDepth: 50, busy: 3 }, waiting(50), 4],
    ["but no more than there are messages", { queueDepth: 1, busy: 1 }, waiting(1), 2],
    ["work in hand keeps its workers", { queueDepth: 0, busy: 2 }, {}, 2],
  ])("%s", (_, load, pool, expected) => {
    expect(desired(half, load, pool)).toBe(expected);
  });
});

describe("a source that fails", () => {
  const blind: Partial<Load> = { queueFailure: "connection refused" };

  test.each<[string, StrategySpec, Partial<Load>, Partial<PoolState>, number]>([
    ["keeps the size", queue({ perWorker: 1 }), blind, { target: 7 }, 7],
    ["takes a size", queue({ perWorker: 1, onFailure: { kind: "size", workers: 4 } }), blind, {}, 4],
    ["goes by the busy share", queue({ perWorker: 1, onFailure: { kind: "utilization" } }), blind, { busy: 2.5 }, 4],
    [
      "keeps an eye open when it goes by the busy share",
      queue({ perWorker: 1, onFailure: { kind: "utilization" } }),
      blind,
      { busy: 0 },
      1,
    ],
    ["may be a command", command({ kind: "size", workers: 2 }), { commandFailure: "exit code 1" }, {}, 2],
    ["may answer what is no number", command({ kind: "size", workers: 2 }), { commandAnswer: Number.NaN }, {}, 2],
    [
      "may answer without an end",
      command({ kind: "size", workers: 2 }),
      { commandAnswer: Number.POSITIVE_INFINITY },
      {},
      2,
    ],
  ])("%s", (_, strategy, load, pool, expected) => {
    const answer = ask(strategy, {
      load: quiet("a", 3, load),
      pool: { ...initialPool(3), ...pool },
      min: 1,
      nowMs: 0,
      epochMs: 0,
    });
    expect(answer).toMatchObject({ desired: expected, fallback: true });
    expect(answer.words).toStartWith("source failed (");
  });
});

describe("other strategies", () => {
  test.each<[string, StrategySpec, Partial<Load>, number]>([
    ["fixed is the minimum", { type: "fixed" }, {}, 1],
    ["a command is obeyed", command(hold), { commandAnswer: 6 }, 6],
    ["a fraction becomes a whole worker", command(hold), { commandAnswer: 2.1 }, 3],
    ["less than nothing is nobody", command(hold), { commandAnswer: -4 }, 0],
    ["a schedule asks for its floor", schedule(5, null), {}, 5],
    ["a schedule without a floor asks for the minimum", schedule(null, 5), {}, 1],
    [
      "max takes the largest",
      { type: "max", of: [queue({ perWorker: 1 }), command(hold)] },
      { queueDepth: 4, commandAnswer: 6 },
      6,
    ],
    ["max stays above a floor", { type: "max", of: [schedule(5, null), command(hold)] }, { commandAnswer: 2 }, 5],
    ["max stays below a ceiling", { type: "max", of: [schedule(null, 5), command(hold)] }, { commandAnswer: 9 }, 5],
  ])("%s", (_, strategy, load, expected) => {
    expect(desired(strategy, load)).toBe(expected);
  });
});
