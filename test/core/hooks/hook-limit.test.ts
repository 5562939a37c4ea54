import { expect, test } from "bun:test";
import { admit, type HookHistory, noHistory } from "../../../src/core/hooks/hook-limit.ts";

const limit = { runs: 2, periodMs: 1000 };
const after = (runsAtMs: readonly number[], suppressed = 0): HookHistory => ({ runsAtMs, suppressed });

test.each<[what: string, history: HookHistory, nowMs: number, runs: boolean, then: HookHistory]>([
  ["the first time runs", noHistory, 5, true, after([5])],
  ["as often as allowed runs", after([5]), 6, true, after([5, 6])],
  ["once more is left out and counted", after([5, 6]), 7, false, after([5, 6], 1)],
  ["what is left out is added up", after([5, 6], 41), 1004, false, after([5, 6], 42)],
  ["a run counts for one period, and then the next may follow", after([5, 6], 3), 1005, true, after([6, 1005])],
  ["the window slides: the second of two counts longer", after([6, 1005]), 1005, false, after([6, 1005], 1)],
  ["after a long silence all is forgotten", after([5, 6], 3), 99_999, true, after([99_999])],
])("%s", (_, history, nowMs, runs, then) => {
  expect(admit(limit, history, nowMs)).toEqual({ runs, history: then });
});

test("never more than the limit in any stretch as long as the period", () => {
  let history = noHistory;
  const ran: number[] = [];
  for (let nowMs = 0; nowMs < 10_000; nowMs += 7) {
    const answer = admit(limit, history, nowMs);
    history = answer.history;
    if (answer.runs) ran.push(nowMs);
  }
  const most = Math.max(...ran.map((start) => ran.filter((at) => at >= start && at < start + 1000).length));
  expect([most, ran.length]).toEqual([2, 20]);
});
