import { describe, expect, test } from "bun:test";
import type { StopCause } from "../../../src/core/farm/events.ts";
import { finality } from "../../../src/core/supervision/finality.ts";
import {
  hasProcess,
  isAtRest,
  nextState,
  type WorkerMove,
  type WorkerState,
} from "../../../src/core/supervision/lifecycle.ts";
import { restartReasonOf } from "../../../src/core/supervision/restart.ts";

/** Every state with every move: `-` is none that may happen. */
const table: Readonly<Record<WorkerState, Readonly<Record<WorkerMove, WorkerState | "-">>>> = {
  starting: {
    start: "starting",
    ready: "ready",
    drain: "draining",
    keep: "-",
    wait: "backoff",
    park: "parked",
    stop: "stopped",
    finish: "finished",
    remove: "gone",
  },
  ready: {
    start: "starting",
    ready: "-",
    drain: "draining",
    keep: "-",
    wait: "backoff",
    park: "parked",
    stop: "stopped",
    finish: "finished",
    remove: "gone",
  },
  draining: {
    start: "starting",
    ready: "-",
    drain: "draining",
    keep: "ready",
    wait: "backoff",
    park: "parked",
    stop: "stopped",
    finish: "-",
    remove: "gone",
  },
  backoff: {
    start: "starting",
    ready: "-",
    drain: "-",
    keep: "-",
    wait: "backoff",
    park: "parked",
    stop: "stopped",
    finish: "-",
    remove: "gone",
  },
  parked: {
    start: "starting",
    ready: "-",
    drain: "-",
    keep: "-",
    wait: "-",
    park: "parked",
    stop: "stopped",
    finish: "-",
    remove: "gone",
  },
  stopped: {
    start: "starting",
    ready: "-",
    drain: "-",
    keep: "-",
    wait: "-",
    park: "stopped",
    stop: "stopped",
    finish: "-",
    remove: "gone",
  },
  finished: {
    start: "starting",
    ready: "-",
    drain: "-",
    keep: "-",
    wait: "-",
    park: "-",
    stop: "stopped",
    finish: "-",
    remove: "gone",
  },
  gone: { start: "-", ready: "-", drain: "-", keep: "-", wait: "-", park: "-", stop: "-", finish: "-", remove: "-" },
};
const states: readonly WorkerState[] = [
  "starting",
  "ready",
  "draining",
  "backoff",
  "parked",
  "stopped",
  "finished",
  "gone",
];
const moves: readonly WorkerMove[] = ["start", "ready", "drain", "keep", "wait", "park", "stop", "finish", "remove"];

test.each(states.flatMap((state) => moves.map((move) => [state, move, table[state][move]] as const)))(
  "%s, %s → %s",
  (state, move, next) => {
    if (next === "-") expect(() => nextState(state, move)).toThrow(`illegal move of a worker: ${move} while ${state}`);
    else expect(nextState(state, move)).toBe(next);
  },
);

test("a process may be alive, or somebody must ask for one, or time brings it, or it is over", () => {
  expect(states.filter(hasProcess)).toEqual(["starting", "ready", "draining"]);
  expect(states.filter(isAtRest)).toEqual(["parked", "stopped", "finished"]);
});

describe("finality", () => {
  const order: readonly StopCause[] = ["restart", "parked", "stopped", "scale_down", "removed", "shutdown"];

  test("the more final reason wins", () => {
    const ranks = order.map(finality);
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    expect(new Set(ranks).size).toBe(order.length);
  });

  test.each([
    "restart",
    "reload",
    "max_lifetime",
    "max_memory",
    "max_idle",
    "ping_timeout",
    "no_progress",
    null,
  ] as const)("%s leaves a process behind, or has no say", (cause) => {
    expect(finality(cause)).toBe(0);
  });

  test.each(order)("no process follows just those that have some: %s", (cause) => {
    expect(restartReasonOf(cause) === null).toBe(finality(cause) > 0);
  });
});
