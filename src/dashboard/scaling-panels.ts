import { pool, rate, type Row } from "./panel.ts";

const needs = "a consumer with an autoscaler";

/** How many workers there are, and why. */
export const scaling: Row = {
  title: "Autoscaler",
  panels: [
    {
      title: "Desired, target, current",
      answers: "What does the strategy ask for, what did cap and damping let through, what is there?",
      shows: "lines",
      queries: [
        { expr: `sum by (consumer) (autoscaler_desired_workers{${pool}})`, legend: "{{consumer}} desired" },
        {
          expr: `sum by (consumer) (autoscaler_desired_workers{${pool}} - autoscaler_unmet_demand{${pool}})`,
          legend: "{{consumer}} granted by the cap",
        },
        { expr: `sum by (consumer) (autoscaler_target_workers{${pool}})`, legend: "{{consumer}} target" },
        { expr: `sum by (consumer) (autoscaler_current_workers{${pool}})`, legend: "{{consumer}} current" },
      ],
    },
    {
      title: "Workers in all",
      answers: "How do the consumers share the host?",
      shows: "stack",
      queries: [{ expr: `sum by (consumer) (autoscaler_current_workers{${pool}})`, legend: "{{consumer}}" }],
    },
    {
      title: "Unmet demand by consumer",
      answers: "Whom does the total cap refuse workers?",
      shows: "lines",
      queries: [{ expr: `sum by (consumer) (autoscaler_unmet_demand{${pool}})`, legend: "{{consumer}}" }],
      thresholds: [
        { from: 1, color: "yellow" },
        { from: 5, color: "red" },
      ],
    },
    {
      title: "Utilization",
      answers: "What share of the workers is at work?",
      shows: "lines",
      queries: [
        {
          expr: `sum by (consumer) (worker_busy_workers{${pool}}) / (sum by (consumer) (worker_state{${pool},state=~"starting|ready|draining"}) > 0)`,
          legend: "{{consumer}}",
        },
      ],
      unit: "percentunit",
      thresholds: [
        { from: 0.7, color: "yellow" },
        { from: 0.85, color: "orange" },
        { from: 0.95, color: "red" },
      ],
    },
    {
      title: "Busy and idle",
      answers: "How many workers are at work, and how many wait for some?",
      shows: "stack",
      queries: [
        { expr: `sum(worker_busy_workers{${pool}})`, legend: "busy" },
        {
          expr: `clamp_min(sum(worker_state{${pool},state=~"starting|ready|draining"}) - sum(worker_busy_workers{${pool}}), 0)`,
          legend: "idle",
        },
      ],
    },
    {
      title: "Queue depth",
      answers: "How many messages wait?",
      shows: "lines",
      queries: [{ expr: `sum by (consumer) (autoscaler_queue_depth{${pool}})`, legend: "{{consumer}}" }],
      needs: "a consumer with a queue strategy",
    },
    {
      title: "Sources answer",
      answers: "Do the sources of the strategies answer? 0 is no.",
      shows: "lines",
      queries: [
        { expr: `min by (consumer) (autoscaler_source_up{${pool}})`, legend: "{{consumer}}" },
        {
          expr: `sum by (consumer) (${rate(`autoscaler_source_failures_total{${pool}}`)} and autoscaler_source_up{${pool}}) * 60`,
          legend: "{{consumer}} failures a minute",
        },
      ],
      needs: "a consumer whose strategy has a source",
    },
    {
      title: "Decisions by reason",
      answers: "Why does the target stay or change?",
      shows: "stack",
      queries: [
        { expr: `sum by (reason) (${rate(`autoscaler_decisions_total{${pool}}`)}) * 60 > 0`, legend: "{{reason}}" },
      ],
      unit: "cpm",
      needs,
    },
    {
      title: "Changes of target",
      answers: "How often does a pool grow or shrink?",
      shows: "lines",
      queries: [
        { expr: `sum by (consumer) (${rate(`autoscaler_scale_up_total{${pool}}`)}) * 60`, legend: "{{consumer}} up" },
        {
          expr: `sum by (consumer) (${rate(`autoscaler_scale_down_total{${pool}}`)}) * 60`,
          legend: "{{consumer}} down",
        },
      ],
      unit: "cpm",
    },
    {
      title: "Changes not made in full",
      answers: "What holds a pool back: a cool-down, a step, its minimum or maximum?",
      shows: "lines",
      queries: [
        {
          expr: `sum by (reason) (${rate(`autoscaler_decisions_skipped_total{${pool}}`)}) * 60`,
          legend: "{{reason}}",
        },
      ],
      unit: "cpm",
    },
  ],
};
