import type { PmEvent } from "../../src/core/farm/events.ts";
import { createMetrics } from "../../src/surface/metrics.ts";
import type { Decision } from "../../src/core/scaling/load.ts";
import { aConsumer, aFarm, aSpec, aWorker, someTasks } from "../core/farm/samples.ts";
import { autoscaled } from "../support/specs.ts";

const ref = { worker: 1, slot: 0, consumer: "async" } as const;
const message = {
  type: "message",
  ...ref,
  transport: "async",
  class: "App\\Msg",
  id: null,
  durationSeconds: 0.1,
  errorClass: null,
} as const;

const events: readonly PmEvent[] = [
  { ...message, event: "received" },
  { ...message, event: "handled" },
  { type: "messages_lost", ...ref, transport: "async", count: 1 },
];

const decision: Decision = {
  consumer: "async",
  atMs: 1,
  current: 1,
  busy: 1,
  queueDepth: 7,
  desired: 2,
  allocated: 2,
  previous: 1,
  target: 2,
  reason: "scaled_up",
  stages: [],
};

/** The labels of every metric a farm serves, of one in which everything there is has happened. */
export async function servedMetrics(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const worker = aWorker({ lastPongEpochMs: 1, inFlight: { async: 1 } });
  const metrics = createMetrics({
    consumers: [{ ...aSpec("async", ["async"]), size: autoscaled(1, 3) }],
    messageMetrics: { enabled: true, whitelist: [], durationBucketsSeconds: [1] },
    snapshot: () => aFarm([aConsumer({ decision, hasSource: true, workers: [worker], tasks: someTasks() })]),
    logCounters: () => [],
    processInfo: (pids) => new Map(pids.map((pid) => [pid, { rssBytes: 1, cpuSeconds: 1 }])),
    version: "1",
    bunVersion: "1",
  });
  for (const event of events) metrics.record(event);
  return labelsByMetric(await metrics.page());
}

/** The label names that the series of each metric have; none for a metric without series. */
function labelsByMetric(page: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of page.split("\n")) {
    const declared = /^# TYPE (\S+) /u.exec(line)?.[1];
    if (declared !== undefined) found.set(declared, new Set());
    const [, metric = "", labels = ""] = /^(\w+)(?:\{(.*)\})? \S+$/u.exec(line) ?? [];
    if (metric === "") continue;
    const known = found.get(metric) ?? new Set();
    for (const [, label = ""] of labels.matchAll(/(\w+)="/gu)) known.add(label);
    found.set(metric, known);
  }
  return found;
}
