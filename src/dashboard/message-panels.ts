import { messageClass, farm, rate, read, transport, type Panel, type Row } from "./panel.ts";

const needs = "workers that report messages, and metrics.messages.enabled";

function percentile(share: number): string {
  const buckets = read(rate(`messenger_message_duration_seconds_bucket{${messageClass}}`));
  return `histogram_quantile(${share}, sum by (le, transport) (${buckets}))`;
}

const byClass = (title: string, answers: string, metric: string): Panel => ({
  title,
  answers,
  shows: "lines",
  queries: [
    { expr: `sum by (message_class) (${read(rate(`${metric}{${messageClass}}`))})`, legend: "{{message_class}}" },
  ],
  unit: "ops",
  needs,
});

/** What becomes of messages. */
export const messages: Row = {
  title: "Messages",
  panels: [
    {
      title: "Throughput",
      answers: "How many messages does each consumer handle, from which transport?",
      shows: "lines",
      queries: [
        {
          expr: `sum by (consumer, transport) (${rate(`messages_processed_total{${transport}}`)})`,
          legend: "{{consumer}} {{transport}}",
        },
      ],
      unit: "ops",
      needs: "workers that report messages, or consumers with transports",
    },
    {
      title: "In flight",
      answers: "How many messages are being handled at this moment?",
      shows: "lines",
      queries: [
        { expr: `sum by (transport) (${read(`messenger_messages_in_flight{${farm}}`)})`, legend: "{{transport}}" },
      ],
      needs,
    },
    {
      title: "Failed, retried and lost",
      answers: "How many messages fail, are tried again, or die with their worker?",
      shows: "lines",
      queries: [
        { expr: `sum(${read(rate(`messenger_messages_failed_total{${messageClass}}`))}) * 60`, legend: "failed" },
        { expr: `sum(${read(rate(`messenger_messages_retried_total{${messageClass}}`))}) * 60`, legend: "retried" },
        { expr: `sum(${rate(`messenger_messages_lost_total{${transport}}`)}) * 60`, legend: "lost" },
      ],
      unit: "cpm",
      needs,
    },
    {
      title: "Duration",
      answers: "How long does a message take: half of them, nearly all, the slowest?",
      shows: "lines",
      queries: [
        { expr: percentile(0.5), legend: "p50 {{transport}}" },
        { expr: percentile(0.95), legend: "p95 {{transport}}" },
        { expr: percentile(0.99), legend: "p99 {{transport}}" },
      ],
      unit: "s",
      needs,
    },
    byClass("Handled by class", "Which messages make up the load?", "messenger_messages_processed_total"),
    byClass("Failed by class", "Which messages fail?", "messenger_messages_failed_total"),
    {
      title: "p95 by class",
      answers: "Which messages are slow?",
      shows: "lines",
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le, message_class) (${read(rate(`messenger_message_duration_seconds_bucket{${messageClass}}`))}))`,
          legend: "{{message_class}}",
        },
      ],
      unit: "s",
      needs,
    },
  ],
};
