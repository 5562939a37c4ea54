import { describe, expect, test } from "bun:test";
import type { QueueSpec } from "../../../src/core/farm/scaling-spec.ts";
import type { SizeSpec } from "../../../src/core/farm/spec.ts";
import { simulate } from "../../../src/core/simulation/closed-loop.ts";
import { planRule } from "../../../src/core/simulation/plan-rule.ts";
import { eachAlone, fixedRule, type Rule } from "../../../src/core/simulation/rule.ts";
import { drawWork, type Work } from "../../../src/core/simulation/work.ts";
import { autoscaled } from "../../support/specs.ts";

/** Outcomes of pools of one worker, each with this work, over `seconds`. */
function outcomes(rule: Rule, work: readonly Work[], seconds: number, workers = 1) {
  const pools = work.map((each, index) => {
    const rules = { consumer: ["a", "b"][index] ?? "", workers, startSeconds: 2, warmUpSeconds: 0 };
    return { rules, work: each };
  });
  return simulate({ pools, seconds, objectiveSeconds: 30, points: 4 }, { name: "tried", intervalMs: 1000, rule });
}

const burst = (messages: number): Work => {
  const arrivals = { pieces: [], bursts: [{ atSeconds: 0, messages }], periodSeconds: null };
  return drawWork({ arrivals, serviceTime: { type: "const", meanSeconds: 1 }, failureShare: 0 }, 10, 1, 0);
};

function byQueue(queue: QueueSpec): SizeSpec {
  const queues = { type: "queue", queues: [queue], perWorker: 5, maxWaitMs: null, timeoutMs: 1 } as const;
  return autoscaled(1, 9, { strategy: { ...queues, onFailure: { kind: "hold" } } });
}

const list: QueueSpec = { kind: "redis", url: "redis://h", key: "k", shape: "list" };
const stream: QueueSpec = { kind: "redis", url: "redis://h", key: "k", shape: "stream", group: "g" };

describe("a closed loop", () => {
  test("pays for idle workers until the end, and after it for what is left only", () => {
    expect(outcomes(eachAlone([fixedRule(2)]), [burst(4)], 10, 2)).toMatchObject([
      { workerSeconds: 20, unfinished: 0 },
    ]);
    expect(outcomes(eachAlone([fixedRule(1)]), [burst(15)], 10)).toMatchObject([{ workerSeconds: 15, unfinished: 0 }]);
  });

  test("ends after twice the time when nobody works, and says what is left", () => {
    const [outcome] = outcomes(eachAlone([fixedRule(0)]), [burst(3)], 10, 0);
    expect(outcome).toMatchObject({ unfinished: 3, workerSeconds: 0, waits: { messages: 0 } });
  });

  test("counts scale events and the most processes, and tells load, queue and workers over time", () => {
    const consumers = [{ name: "a", size: byQueue(list) }];
    const [outcome] = outcomes(planRule(consumers, null), [burst(20)], 40);
    expect(outcome).toMatchObject({ consumer: "a", rule: "tried", peakWorkers: 4, scaleUps: 1, unfinished: 0 });
    expect(outcome?.scaleDowns).toBeGreaterThan(0);
    const { stretchSeconds, arrivals, queue, workers } = outcome?.series ?? { arrivals: [], queue: [], workers: [] };
    expect([stretchSeconds, arrivals[0], arrivals[1], queue[0], queue[3]]).toEqual([10, 2, 0, 19, 0]);
    expect(workers[0]).toBeGreaterThan(workers[3] ?? 0);
  });

  test("gives a stream its messages in hand, as Redis does, so that it scales like a list", () => {
    const [asList, asStream] = [list, stream].map((queue) => {
      return outcomes(planRule([{ name: "a", size: byQueue(queue) }], null), [burst(20)], 40)[0];
    });
    expect(asStream).toEqual(asList);
  });

  test("holds the cap over all pools, static ones too", () => {
    const size = byQueue(list);
    const fixed: SizeSpec = { kind: "static", processes: 2 };
    const consumers = [
      { name: "a", size },
      { name: "b", size },
      { name: "c", size: fixed },
    ];
    const peaks = (cap: number | null): number[] =>
      outcomes(planRule(consumers, cap), [burst(40), burst(40)], 40).map(({ peakWorkers }) => peakWorkers);
    expect(peaks(null)).toEqual([8, 8]);
    expect(peaks(6).reduce((sum, peak) => sum + peak, 0)).toBe(4);
  });
});
