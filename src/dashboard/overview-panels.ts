import { farm, pool, transport, type Row } from "./panel.ts";

/** The state of the farm in one look. */
export const overview: Row = {
  title: "At a glance",
  panels: [
    {
      title: "Farms running",
      answers: "How many pm run and are not stopping?",
      queries: [{ expr: `sum(process_manager_running{${farm}})` }],
      thresholds: [
        { from: 0, color: "red" },
        { from: 1, color: "green" },
      ],
    },
    {
      title: "Workers ready",
      answers: "Of the workers there should be, how many are ready? Long handlers do not make a worker disappear.",
      queries: [
        { expr: `sum(worker_state{${pool},state="ready"})`, legend: "ready" },
        { expr: `sum(autoscaler_target_workers{${pool}})`, legend: "target" },
      ],
    },
    {
      title: "Waiting to restart",
      answers: "How many workers wait for their next start after a failure?",
      queries: [{ expr: `sum(worker_state{${pool},state="backoff"})` }],
      thresholds: [
        { from: 1, color: "yellow" },
        { from: 5, color: "red" },
      ],
    },
    {
      title: "Parked",
      answers: "How many workers has pm given up until somebody asks?",
      queries: [{ expr: `sum(worker_state{${pool},state="parked"})` }],
      thresholds: [{ from: 1, color: "red" }],
    },
    {
      title: "Failures and back-offs",
      answers: "How often do workers end without success, and how often is their restart delayed?",
      queries: [
        { expr: `sum(rate(worker_failures_total{${pool}}[5m])) * 60`, legend: "failures" },
        { expr: `sum(rate(worker_backoffs_total{${pool}}[5m])) * 60`, legend: "back-offs" },
      ],
      unit: "cpm",
      thresholds: [
        { from: 0.01, color: "yellow" },
        { from: 1, color: "red" },
      ],
    },
    {
      title: "Messages handled",
      answers: "How many messages are handled a minute?",
      queries: [{ expr: `sum(rate(messages_processed_total{${transport}}[5m])) * 60` }],
      unit: "cpm",
      needs: "workers that report messages, or consumers with transports",
    },
    {
      title: "Messages lost",
      answers: "How many messages were in flight when their worker crashed, since pm started?",
      queries: [{ expr: `sum(messenger_messages_lost_total{${transport}})` }],
      thresholds: [{ from: 1, color: "red" }],
      needs: "workers that report messages, or consumers with transports",
    },
    {
      title: "Unmet demand",
      answers: "How many workers does the total cap refuse?",
      queries: [{ expr: `sum(autoscaler_unmet_demand{${pool}})` }],
      thresholds: [
        { from: 1, color: "yellow" },
        { from: 5, color: "red" },
      ],
    },
  ],
};
