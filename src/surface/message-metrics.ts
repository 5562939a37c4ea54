import { boundLabel } from "../core/farm/bounded-label.ts";
import type { PmEvent } from "../core/farm/events.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import type { MessageMetricsSpec } from "../core/farm/spec.ts";
import { hasProcess } from "../core/supervision/lifecycle.ts";
import { createMessengerMetrics } from "./messenger-metrics.ts";
import type { NumberSeries, Registry } from "./series.ts";

type MessageEvent = Extract<PmEvent, { type: "message" }>;
type LostEvent = Extract<PmEvent, { type: "messages_lost" }>;

/** Transports that get a series of their own although no consumer names them; later ones are `other`. */
const maxUnnamedTransports = 100;

export interface MessageMetrics {
  /** Makes the series of a consumer that was given these transports. */
  open(consumer: string, transports: readonly string[]): void;
  /** The consumer is gone, and its series with it. */
  forget(consumer: string): void;
  /** On the hot path: the series are found once and kept. */
  record(event: MessageEvent): void;
  recordLost(event: LostEvent): void;
  /** The label of a transport's name. */
  transportLabel(transport: string): string;
  /** Labels of the transports a consumer was given, and of those its workers have told of. */
  transportsOf(consumer: string): Iterable<string>;
  fill(snapshot: FarmSnapshot): void;
}

/** Counts messages; `namedTransports` always get a series of their own. `metrics.messages.enabled: false` leaves only the one counter that is told by consumer. */
export function createMessageMetrics(
  registry: Registry,
  namedTransports: readonly string[],
  spec: MessageMetricsSpec,
): MessageMetrics {
  const help = "Messages handled, by consumer.";
  const processed = registry.counter("messages_processed_total", help, "consumer", "transport");
  const messenger = spec.enabled ? createMessengerMetrics(registry, spec) : null;
  const transportLabel = boundLabel(maxUnnamedTransports, namedTransports);
  const series = new Map<string, Map<string, NumberSeries>>();

  function open(consumer: string, transport: string): NumberSeries {
    const child = processed.labels({ consumer, transport });
    messenger?.open(consumer, transport);
    const transports = series.get(consumer) ?? new Map<string, NumberSeries>();
    series.set(consumer, transports.set(transport, child));
    return child;
  }

  return {
    open(consumer, transports) {
      for (const transport of transports) open(consumer, transportLabel(transport));
    },
    forget(consumer) {
      series.delete(consumer);
    },
    record(event) {
      const transport = transportLabel(event.transport);
      const child = series.get(event.consumer)?.get(transport) ?? open(event.consumer, transport);
      if (event.event === "handled") child.inc();
      messenger?.record(transport, event);
    },
    recordLost({ consumer, transport, count }) {
      messenger?.recordLost(consumer, transportLabel(transport), count);
    },
    transportLabel,
    transportsOf: (consumer) => series.get(consumer)?.keys() ?? [],
    fill(snapshot) {
      const counts = new Map<string, number>();
      for (const transports of series.values()) for (const transport of transports.keys()) counts.set(transport, 0);
      for (const { workers } of snapshot.consumers) {
        for (const worker of workers) {
          if (!hasProcess(worker.state)) continue;
          for (const [name, count] of Object.entries(worker.inFlight)) {
            const transport = transportLabel(name);
            counts.set(transport, (counts.get(transport) ?? 0) + count);
          }
        }
      }
      messenger?.fill(counts);
    },
  };
}
