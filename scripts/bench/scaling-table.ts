/**
 * The rules of the field and pm's own on the same loads, in virtual time: the table of the README.
 *
 *     bun scripts/bench/scaling-table.ts [SEED] [MAX_WAIT_SECONDS]
 *
 * Pools of 1 to 20 workers that take 2 s to start. An objective is met when 95 % of the messages wait no longer. Worker-seconds are
 * those of all processes, until the last message is done.
 */
import { simulate } from "../../src/core/simulation/closed-loop.ts";
import { rulesToCompare } from "../../src/core/simulation/peers.ts";
import { scenarios } from "../../src/core/simulation/scenarios.ts";
import { meetsObjective } from "../../src/core/simulation/waits.ts";
import { drawWork } from "../../src/core/simulation/work.ts";
import { queueScaling } from "./queue-scaling.ts";

const seed = Number(process.argv[2] ?? 1);
const objectiveSeconds = Number(process.argv[3] ?? 30);
const [min, max, startSeconds] = [1, 20, 2];
const consumers = [{ name: "a", size: queueScaling({ max, maxWaitMs: objectiveSeconds * 1000 }) }];

console.log("| load | rule | objective met | within | p95 wait | worker-seconds | scale events |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const [name, scenario] of Object.entries(scenarios)) {
  const { seconds } = scenario;
  const work = drawWork(scenario, seconds, seed, 0);
  const meanServiceSeconds = scenario.serviceTime.meanSeconds;
  const comparison = { consumers, totalCap: null, intervalMs: 1000, objectiveSeconds, meanServiceSeconds };
  const pools = [{ rules: { consumer: "a", workers: min, startSeconds, warmUpSeconds: 0 }, work }];
  for (const rule of rulesToCompare(comparison)) {
    for (const outcome of simulate({ pools, seconds, objectiveSeconds, points: 1 }, rule)) {
      const { waits, workerSeconds, scaleUps, scaleDowns } = outcome;
      const cells = [
        name,
        rule.name === "this configuration" ? `**queue, max_wait ${objectiveSeconds}s**` : rule.name,
        meetsObjective(waits) && outcome.unfinished === 0 ? "yes" : "no",
        `${(100 * waits.withinObjective).toFixed(1)} %`,
        `${waits.p95.toFixed(1)} s`,
        Math.round(workerSeconds).toString(),
        String(scaleUps + scaleDowns),
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
}
