import type { MessageFact } from "../core/farm/events.ts";
import { messageClassLabel } from "../core/farm/message-class.ts";
import type { MessageMetricsSpec } from "../core/farm/spec.ts";
import type { Histogram } from "../core/tasks/histogram.ts";
import type { NumberSeries, Registry } from "./series.ts";

/** The metrics named `messenger_*`. Transports come as labels, classes as the worker tells them. */
export interface MessengerMetrics {
  /** Makes the series that can be made before the first message of a transport. */
  open(consumer: string, transport: string): void;
  record(transport: string, fact: MessageFact): void;
  recordLost(consumer: string, transport: string, count: number): void;
  /** Takes how many messages each transport has in flight now. */
  fill(inFlight: ReadonlyMap<string, number>): void;
}

/** The series of one class of one transport. */
interface ClassSeries {
  readonly handled: NumberSeries;
  readonly failed: NumberSeries;
  readonly retried: NumberSeries;
  readonly duration: Histogram;
}

const classLabels = ["transport", "message_class"] as const;

/** Makes them; for farms that want metrics of messages by class. */
export function createMessengerMetrics(registry: Registry, spec: MessageMetricsSpec): MessengerMetrics {
  const handled = registry.counter("messenger_messages_processed_total", "Messages handled, by class.", ...classLabels);
  const failed = registry.counter(
    "messenger_messages_failed_total",
    "Messages whose handling failed, by class.",
    ...classLabels,
  );
  const retried = registry.counter(
    "messenger_messages_retried_total",
    "Messages sent back to be tried again, by class.",
    ...classLabels,
  );
  const duration = registry.histogram(
    "messenger_message_duration_seconds",
    "Time a message was handled, whether it failed or not, where the worker tells it.",
    spec.durationBucketsSeconds,
    ...classLabels,
  );
  const inFlight = registry.gauge("messenger_messages_in_flight", "Messages being handled now.", "transport");
  const lost = registry.counter(
    "messenger_messages_lost_total",
    "Messages that were in flight when the process of their worker ended.",
    "consumer",
    "transport",
  );

  const classLabel = messageClassLabel(spec.whitelist);
  const series = new Map<string, Map<string, ClassSeries>>();

  function open(transport: string, messageClass: string): ClassSeries {
    const labels = { transport, message_class: messageClass };
    const opened = {
      handled: handled.labels(labels),
      failed: failed.labels(labels),
      retried: retried.labels(labels),
      duration: duration.labels(labels),
    };
    const classes = series.get(transport) ?? new Map<string, ClassSeries>();
    series.set(transport, classes.set(messageClass, opened));
    return opened;
  }

  return {
    open(consumer, transport) {
      lost.inc({ consumer, transport }, 0);
    },
    record(transport, fact) {
      const messageClass = classLabel(fact.class);
      const found = series.get(transport)?.get(messageClass) ?? open(transport, messageClass);
      if (fact.event === "received") return; // its series exist now, so the first end of it is seen as a rise
      found[fact.event].inc();
      if (fact.event !== "retried" && fact.durationSeconds !== null) found.duration.add(fact.durationSeconds);
    },
    recordLost(consumer, transport, count) {
      lost.inc({ consumer, transport }, count);
    },
    fill(counts) {
      inFlight.clear();
      for (const [transport, count] of counts) inFlight.inc({ transport }, count);
    },
  };
}
