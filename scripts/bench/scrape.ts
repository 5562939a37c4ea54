/**
 * What a page of metrics costs, with every series of every worker read fresh: how long it takes to make, and for how long of that the event
 * loop is held in one piece, which is what a restart or a log line that falls due meanwhile has to wait.
 *
 *     bun scripts/bench/scrape.ts [--beside FOLDER] [workers …]      default: 1 100 500; FOLDER: another checkout, measured in turns
 *
 * The processes are real ones that sleep; the messages are of 60 classes, and in the last row of 1,000, the most that get series.
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import type { FarmSnapshot } from "../../src/core/farm/snapshot.ts";
import type { Metrics } from "../../src/surface/metrics.ts";
import { aConsumer, aFarm, aSpec, aWorker } from "../../test/core/farm/samples.ts";

const pages = 60;
const root = join(import.meta.dir, "..", "..");
const words = process.argv.slice(2);
const beside = words[0] === "--beside" ? words.splice(0, 2)[1] : undefined;
const folders = beside === undefined ? [root] : [beside, root];
const sizes = words.length > 0 ? words.map(Number) : [1, 100, 500];

/** What one page took. */
interface Cost {
  readonly pageMs: number;
  readonly heldMs: number;
}

const ofOne = (costs: readonly Cost[], key: keyof Cost, share: number): string => {
  const sorted = costs.map((cost) => cost[key]).toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(2);
};

/** The metrics of a checkout, after messages of so many classes. */
async function open(folder: string, snapshot: () => FarmSnapshot, classes: number): Promise<Metrics> {
  const { createMetrics } = await import(join(folder, "src/surface/metrics.ts"));
  const { readProcesses } = await import(join(folder, "src/system/proc-stat.ts"));
  const metrics: Metrics = createMetrics({
    consumers: [aSpec("async", ["async"])],
    messageMetrics: {
      enabled: true,
      whitelist: [],
      durationBucketsSeconds: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
    },
    snapshot,
    logCounters: () => [],
    processInfo: readProcesses,
    version: "1.0.0",
    bunVersion: Bun.version,
  });
  const told = { type: "message", worker: 1, slot: 0, consumer: "async", transport: "async", id: null } as const;
  for (let n = 0; n < classes; n++) {
    const fact = { class: `App\\Message\\Number${n}`, durationSeconds: 0.2, errorClass: null };
    metrics.record({ ...told, ...fact, event: "handled" });
  }
  return metrics;
}

async function scrape(metrics: Metrics): Promise<Cost> {
  let heldMs = 0;
  let atMs = performance.now();
  const startMs = atMs;
  let made = false;
  const look = (): void => {
    const nowMs = performance.now();
    heldMs = Math.max(heldMs, nowMs - atMs);
    atMs = nowMs;
    if (!made) setImmediate(look);
  };
  setImmediate(look);
  await metrics.page();
  const pageMs = performance.now() - startMs;
  made = true;
  look();
  return { pageMs, heldMs };
}

async function measure(workers: number, classes: number): Promise<void> {
  const processes = Array.from({ length: workers }, () =>
    Bun.spawn(["sleep", "1000"], { stdio: ["ignore", "ignore", "ignore"] }),
  );
  const list = processes.map(({ pid }, n) =>
    aWorker({ id: n + 1, slot: n, pid, startedAtMs: n, lastPongEpochMs: 1.7e12 + n }),
  );
  const snapshot = aFarm([aConsumer({ workers: list, transports: ["async"] })]);
  const all = await Promise.all(folders.map((folder) => open(folder, () => snapshot, classes)));
  const first: Cost[] = [];
  for (const metrics of all) first.push(await scrape(metrics));
  const costs = all.map((): Cost[] => []);
  for (let n = 0; n < pages; n++) for (const [at, metrics] of all.entries()) costs[at]?.push(await scrape(metrics));
  for (const [at, each] of costs.entries()) {
    const name = folders.length === 1 ? "" : folders[at] === root ? ", this" : ", beside";
    const kilobytes = Math.round(((await all[at]?.page()) ?? "").length / 1000);
    const cells = [
      `${workers}${name}`,
      String(classes),
      `${kilobytes} KB`,
      first[at]?.pageMs.toFixed(2),
      ofOne(each, "pageMs", 0),
      ofOne(each, "pageMs", 0.5),
      ofOne(each, "heldMs", 0),
      ofOne(each, "heldMs", 0.5),
      ofOne(each, "heldMs", 0.95),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  for (const each of processes) each.kill("SIGKILL");
  await Promise.all(processes.map(({ exited }) => exited));
}

console.log(`load ${loadavg()[0]?.toFixed(1)}; milliseconds of ${pages} pages each`);
console.log("| workers | classes | page | first | least | median | held: least | median | p95 |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const workers of sizes) await measure(workers, 60);
await measure(sizes.at(-1) ?? 1, 1_000);
