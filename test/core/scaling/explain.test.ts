import { expect, test } from "bun:test";
import type { StrategySpec } from "../../../src/core/farm/scaling-spec.ts";
import { explain } from "../../../src/core/scaling/explain.ts";
import { pool, Rehearsal } from "./rehearsal.ts";

const strategy: StrategySpec = {
  type: "queue",
  queues: [{ kind: "redis", url: "redis://localhost", key: "jobs", shape: "list" }],
  perWorker: null,
  maxWaitMs: 30_000,
  timeoutMs: 2_000,
  onFailure: { kind: "hold" },
};

test("the words tell why there are as many workers, with numbers, and what came before", () => {
  const pools = new Rehearsal([pool("async", 1, 8, { strategy }), pool("other", 1, 8, { strategy })], 6);
  const busy = { queueDepth: 200, busy: 2, throughput: 2, serviceSeconds: 1 };
  const decisions = [
    pools.at(0, { async: { queueDepth: 0 } }),
    pools.at(10, { async: { queueDepth: 0 } }),
    pools.at(20, { async: busy }),
    pools.at(30, { async: busy }),
    pools.at(40, { async: busy }),
    pools.at(50, { async: { queueFailure: "connection refused" } }),
    pools.at(60, { async: busy, other: { queueDepth: 400, busy: 1, serviceSeconds: 1 } }),
  ].flatMap((all) => all.filter(({ consumer }) => consumer === "async"));
  expect(explain(decisions, 65_000)).toMatchInlineSnapshot(`
    [
      "async: 3 workers. 120 workers wanted, 3 granted: the cap leaves no free slot for more. (capped, 5 s ago)",
      "  seen: 1.22 of 3 busy, 200 waiting",
      "  queue: 200 waiting, at most 30 s; 3.56 come a second and take 1.000 s each: 8 to 9 workers do for those to come, 120.00 slots drain in time: 120",
      "  cap: 3 of 120 granted",
      "  damping: the cap grants 3",
      "Before:",
      "  15 s ago: 3, fallback; wanted 3, granted 3",
      "  35 s ago to 25 s ago, 2 times: 3, cooldown_up; wanted 107, granted 5",
      "  45 s ago: 1 → 3, scaled_up; wanted 13, granted 5",
      "  65 s ago to 55 s ago, 2 times: 1, at_min; wanted 0, granted 1",
    ]
  `);
});

test("without a decision there is nothing to explain", () => {
  expect(explain([], 0)).toEqual(["The autoscaler has decided nothing yet."]);
});
