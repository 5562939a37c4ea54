/**
 * What it costs to make the page of /metrics, in memory: what is read of the kernel for each process, which is most of it, is measured
 * by `bun scripts/bench/all.ts metrics`.
 *
 *     bun scripts/bench/metrics.ts
 */
import { createMetrics } from "../../src/surface/metrics.ts";
import { aConsumer, aFarm, aSpec, aWorker } from "../../test/core/farm/samples.ts";
import { bestNs } from "./rounds.ts";
import { markdownTable, shownNumber } from "./table.ts";

const sizes = [1, 10, 100, 500, 1000, 2000];
const page = (size: number): (() => Promise<string>) => {
  const workers = Array.from({ length: size }, (_, at) => aWorker({ id: at + 1, slot: at, pid: 100 + at }));
  const usage = { rssBytes: 20_000_000, cpuSeconds: 1.5 };
  const metrics = createMetrics({
    consumers: [aSpec("async", ["async"])],
    messageMetrics: { enabled: true, whitelist: [], durationBucketsSeconds: [0.1, 1, 60] },
    snapshot: () => aFarm([aConsumer({ workers })]),
    logCounters: () => [],
    processInfo: (pids) => new Map(pids.map((pid) => [pid, usage])),
    version: "0",
    bunVersion: "0",
  });
  return async () => await metrics.page();
};

const ways = Object.fromEntries(sizes.map((size) => [String(size), page(size)]));
const rows = [...(await bestNs(ways))].map(([size, ns]) => [
  size,
  shownNumber(ns / 1e6, 2),
  shownNumber(ns / 1000 / Number(size), 1),
]);
console.log(markdownTable(["workers", "ms a page", "µs a worker"], rows));
