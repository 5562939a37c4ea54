import { Counter, Registry } from "./prometheus.ts";
import type { PmEvent } from "../core/farm/events.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import type { ConsumerSpec, MessageMetricsSpec } from "../core/farm/spec.ts";
import type { LogCounter } from "../output/counters.ts";
import { createFarmGauges } from "./farm-gauges.ts";
import { createLifecycleCounters } from "./lifecycle-counters.ts";
import { createLogCounters } from "./log-counters.ts";
import { createMessageMetrics } from "./message-metrics.ts";
import { createOwnMetrics } from "./own-metrics.ts";
import { createScalingCounters } from "./scaling-counters.ts";
import type { ProcessUsage } from "../system/proc-stat.ts";
import { renderTaskSeries } from "./task-metrics.ts";
import { renderWorkerSeries } from "./worker-series.ts";

export interface MetricsOptions {
  readonly consumers: readonly ConsumerSpec[];
  readonly messageMetrics: MessageMetricsSpec;
  readonly snapshot: () => FarmSnapshot;
  /** Totals since the start. */
  readonly logCounters: () => readonly LogCounter[];
  /** What the processes use now; those it cannot tell of are left out of the page. */
  readonly processInfo: (pids: number[]) => Map<number, ProcessUsage>;
  readonly version: string;
  readonly bunVersion: string;
}

export interface Metrics {
  /** Counts what the event says; cheap enough for every message of every worker. */
  record(event: PmEvent): void;
  /** The page as of now, in the text format of Prometheus. Calls that come while one is being made share it. */
  page(): Promise<string>;
}

/** Processes read in one go, which takes about half a millisecond: a restart that falls due meanwhile has to wait for it. */
const processesAtOnce = 25;

/** Makes all metrics of a farm, in a registry of their own. Counters are fed by events, all else is read for each page. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { consumers, snapshot, logCounters, processInfo } = options;
  const registry = new Registry();
  const known = new Set<string>();
  const lifecycle = createLifecycleCounters(registry);
  const scaling = createScalingCounters(registry);
  const transportsOfAll = consumers.flatMap(({ transports }) => transports);
  const messages = createMessageMetrics(registry, transportsOfAll, options.messageMetrics);
  const farm = createFarmGauges(registry);
  const logs = createLogCounters(registry, known);
  const own = createOwnMetrics(registry, options.version, options.bunVersion);

  function open(consumer: string, transports: readonly string[], autoscaled: boolean): void {
    known.add(consumer);
    lifecycle.open(consumer);
    scaling.open(consumer, autoscaled);
    messages.open(consumer, transports);
  }
  for (const { name, transports, size } of consumers) open(name, transports, size.kind === "autoscaled");

  async function forget(consumer: string): Promise<void> {
    known.delete(consumer);
    messages.forget(consumer);
    await removeSeries(registry, consumer);
  }

  async function render(): Promise<string> {
    const seen = snapshot();
    const usage = await readInTurns(processInfo, pidsOf(seen));
    farm.fill(seen);
    messages.fill(seen);
    logs.fill(logCounters());
    own.fill();
    return `${renderWorkerSeries(seen, usage, messages)}\n${renderTaskSeries(seen)}\n${await registry.metrics()}`;
  }

  let rendering: Promise<string> | null = null;
  return {
    record(event) {
      if (event.type === "message") messages.record(event);
      else if (event.type === "messages_lost") messages.recordLost(event);
      else if (event.type === "consumer_added") open(event.consumer, event.transports, event.autoscaled);
      else if (event.type === "consumer_removed") void forget(event.consumer);
      else lifecycle.record(event);
      scaling.record(event);
    },
    page() {
      rendering ??= render().finally(() => {
        rendering = null;
      });
      return rendering;
    },
  };
}

function pidsOf(snapshot: FarmSnapshot): number[] {
  return snapshot.consumers.flatMap(({ workers }) => workers.flatMap(({ pid }) => pid ?? []));
}

/** Takes every series of a consumer out of the registry: names may come and go for as long as pm runs. */
async function removeSeries(registry: Registry, consumer: string): Promise<void> {
  // Gauges are filled anew for each page, and no histogram tells the consumer.
  const counters = registry.getMetricsAsArray().filter((metric) => metric instanceof Counter);
  await Promise.all(
    counters.map(async (counter) => {
      for (const { labels } of (await counter.get()).values)
        if (labels["consumer"] === consumer) counter.remove(labels);
    }),
  );
}

/** Lets the event loop turn between batches. */
async function readInTurns(
  processInfo: MetricsOptions["processInfo"],
  pids: readonly number[],
): Promise<Map<number, ProcessUsage>> {
  const usage = new Map<number, ProcessUsage>();
  for (let from = 0; from < pids.length; from += processesAtOnce) {
    if (from > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    for (const [pid, used] of processInfo(pids.slice(from, from + processesAtOnce))) usage.set(pid, used);
  }
  return usage;
}
