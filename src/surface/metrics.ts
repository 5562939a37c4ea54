import type { PmEvent } from "../core/farm/events.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import type { ConsumerSpec, MessageMetricsSpec } from "../core/farm/spec.ts";
import type { LogCounter } from "../output/counters.ts";
import { renderFarmGauges } from "./farm-gauges.ts";
import { createLifecycleCounters } from "./lifecycle-counters.ts";
import { renderLogCounters } from "./log-counters.ts";
import { createMessageMetrics } from "./message-metrics.ts";
import { renderOwnMetrics } from "./own-metrics.ts";
import { readOwnUsage } from "./own-usage.ts";
import { createScalingCounters } from "./scaling-counters.ts";
import { Registry } from "./series.ts";
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

/** For so long a page may hold the event loop before it lets it turn: a restart or a line that falls due meanwhile has to wait for it. */
const mostHeldMs = 1;

/** Makes all metrics of a farm, in a registry of their own. Counters are fed by events, all else is read for each page. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { consumers, snapshot, logCounters, processInfo } = options;
  const registry = new Registry();
  const known = new Set<string>();
  const lifecycle = createLifecycleCounters(registry);
  const scaling = createScalingCounters(registry);
  const transportsOfAll = consumers.flatMap(({ transports }) => transports);
  const messages = createMessageMetrics(registry, transportsOfAll, options.messageMetrics);

  function open(consumer: string, transports: readonly string[], autoscaled: boolean): void {
    known.add(consumer);
    lifecycle.open(consumer);
    scaling.open(consumer, autoscaled);
    messages.open(consumer, transports);
  }
  for (const { name, transports, size } of consumers) open(name, transports, size.kind === "autoscaled");

  function forget(consumer: string): void {
    known.delete(consumer);
    messages.forget(consumer);
    registry.forget("consumer", consumer);
  }

  /** The page in pieces, none of which takes long to make. All of it tells of one snapshot. */
  function* pieces(): Generator<string> {
    const seen = snapshot();
    yield* renderWorkerSeries(seen, processInfo, messages);
    yield* renderTaskSeries(seen);
    messages.fill(seen);
    yield* registry.text();
    yield* renderFarmGauges(seen);
    yield* renderLogCounters(logCounters(), known);
    yield* renderOwnMetrics(readOwnUsage(), options.version, options.bunVersion);
  }

  let rendering: Promise<string> | null = null;
  return {
    record(event) {
      if (event.type === "message") messages.record(event);
      else if (event.type === "messages_lost") messages.recordLost(event);
      else if (event.type === "consumer_added") open(event.consumer, event.transports, event.autoscaled);
      else if (event.type === "consumer_removed") forget(event.consumer);
      else lifecycle.record(event);
      scaling.record(event);
    },
    page() {
      rendering ??= gather(pieces()).finally(() => {
        rendering = null;
      });
      return rendering;
    },
  };
}

/** Lets the event loop turn between pieces. */
async function gather(pieces: Iterable<string>): Promise<string> {
  const texts: string[] = [];
  let sinceMs = performance.now();
  for (const piece of pieces) {
    texts.push(piece);
    if (performance.now() - sinceMs < mostHeldMs) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    sinceMs = performance.now();
  }
  return texts.join("");
}
