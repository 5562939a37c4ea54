import { expect, test } from "bun:test";
import { simulate } from "../../../src/core/simulation/closed-loop.ts";
import { eachAlone, fixedRule } from "../../../src/core/simulation/rule.ts";
import { drawWork } from "../../../src/core/simulation/work.ts";

/** Mean wait of M/M/c (Erlang C), in mean service times; `load` is in workers. */
function erlangC(servers: number, load: number): number {
  let blocked = 1; // Erlang B by its recursion
  for (let each = 1; each <= servers; each++) blocked = (load * blocked) / (each + load * blocked);
  const waits = blocked / (1 - (load / servers) * (1 - blocked));
  return waits / (servers - load);
}

const seeds = [1, 2, 3];
const messages = 400_000;

/** Mean wait of the simulated pool, in seconds, its workers being there from the beginning. */
function simulatedWait(servers: number, perSecond: number, seed: number): number {
  const seconds = messages / perSecond;
  const arrivals = {
    pieces: [{ fromSeconds: 0, perSecond, untilPerSecond: perSecond }],
    bursts: [],
    periodSeconds: null,
  };
  const work = drawWork({ arrivals, serviceTime: { type: "exp", meanSeconds: 1 }, failureShare: 0 }, seconds, seed, 0);
  const rules = { consumer: "a", workers: servers, startSeconds: 0, warmUpSeconds: 0 };
  const rule = { name: "fixed", intervalMs: 600_000, rule: eachAlone([fixedRule(servers)]) };
  const [outcome] = simulate({ pools: [{ rules, work }], seconds, objectiveSeconds: 1, points: 1 }, rule);
  return outcome?.waits.mean ?? Number.NaN;
}

test.each([
  [1, 0.5],
  [3, 2.1],
  [8, 6.8],
])("%d workers under a load of %d wait as long as Erlang C says", (servers, load) => {
  const waits = seeds.map((seed) => simulatedWait(servers, load, seed));
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / seeds.length;
  const theory = erlangC(servers, load);
  expect(Math.abs(mean / theory - 1)).toBeLessThan(0.05);
});

test("the formula itself gives the textbook's M/M/1 and M/M/2", () => {
  expect(erlangC(1, 0.5)).toBeCloseTo(1, 12);
  expect(erlangC(2, 1)).toBeCloseTo(1 / 3, 12);
});
