import { farm, pool, rate, type Row } from "./panel.ts";

/** Processes: how they come and go, what they use, whether they still move. */
export const workers: Row = {
  title: "Workers",
  panels: [
    {
      title: "States",
      answers: "Who is ready, starting, draining, waiting to restart, parked, finished?",
      shows: "stack",
      queries: [{ expr: `sum by (state) (worker_state{${pool}})`, legend: "{{state}}" }],
    },
    {
      title: "Readiness",
      answers: "Which consumers have fewer ready workers than they should, and would make /readyz say no?",
      shows: "lines",
      queries: [
        {
          expr: `sum by (consumer) (worker_state{${pool},state="ready"}) / (sum by (consumer) (autoscaler_target_workers{${pool}}) > 0)`,
          legend: "{{consumer}}",
        },
      ],
      unit: "percentunit",
      thresholds: [
        { from: 0, color: "red" },
        { from: 0.5, color: "yellow" },
        { from: 1, color: "green" },
      ],
    },
    {
      title: "Degraded or parked",
      answers: "Which consumers have workers that mostly wait for a restart, or that pm has given up?",
      shows: "lines",
      queries: [
        {
          expr: `sum by (consumer) (avg_over_time(worker_state{${pool},state="backoff"}[5m]))`,
          legend: "{{consumer}} waiting (mean of 5 m)",
        },
        { expr: `sum by (consumer) (worker_state{${pool},state="parked"})`, legend: "{{consumer}} parked" },
      ],
      thresholds: [
        { from: 0.5, color: "yellow" },
        { from: 1, color: "red" },
      ],
    },
    {
      title: "Restarts by reason",
      answers: "Why were workers started again?",
      shows: "stack",
      queries: [
        {
          expr: `sum by (reason) (${rate(`worker_restarts_total{${pool}}`)}) * 60 > 0`,
          legend: "{{reason}}",
        },
      ],
      unit: "cpm",
      needs: "a restart in the time shown",
    },
    {
      title: "Starts",
      answers: "How often does each consumer start a process?",
      shows: "lines",
      queries: [{ expr: `sum by (consumer) (${rate(`worker_starts_total{${pool}}`)})`, legend: "{{consumer}}" }],
      unit: "ops",
    },
    {
      title: "Exits by code",
      answers: "How do processes end? 0 is success, 128+n death by signal n.",
      shows: "stack",
      queries: [
        { expr: `sum by (exit_code) (${rate(`worker_exits_total{${pool}}`)}) * 60`, legend: "exit code {{exit_code}}" },
      ],
      unit: "cpm",
    },
    {
      title: "Failures and back-offs by consumer",
      answers: "Which consumer fails, and which one waits before it starts again?",
      shows: "lines",
      queries: [
        { expr: `sum by (consumer) (${rate(`worker_failures_total{${pool}}`)}) * 60`, legend: "{{consumer}} failures" },
        {
          expr: `sum by (consumer) (${rate(`worker_backoffs_total{${pool}}`)}) * 60`,
          legend: "{{consumer}} back-offs",
        },
      ],
      unit: "cpm",
    },
    {
      title: "Killed at the stop deadline",
      answers: "How many workers did not stop in time?",
      shows: "lines",
      queries: [{ expr: `sum by (instance) (worker_sigkills_total{${farm}})`, legend: "{{instance}}" }],
      thresholds: [{ from: 1, color: "orange" }],
    },
    {
      title: "Since the last pong",
      answers:
        "Which workers are silent? One with a single thread is silent while it handles a message, so this is the message's age.",
      shows: "lines",
      queries: [
        {
          expr: `topk(20, (time() - worker_last_pong_timestamp{${farm}}) * on (job, instance, worker) group_left (consumer) (worker_uptime_seconds{${pool}} >= bool 0))`,
          legend: "{{consumer}} {{worker}}",
        },
      ],
      unit: "s",
      thresholds: [
        { from: 30, color: "yellow" },
        { from: 60, color: "red" },
      ],
      needs: "workers that speak the worker protocol",
    },
    {
      title: "Busy all the time",
      answers: "Which workers were in a message at every look of the last 5 minutes?",
      shows: "lines",
      queries: [
        {
          expr: `count by (consumer) (max by (instance, consumer, worker) (min_over_time(worker_busy{${pool}}[5m])) == 1)`,
          legend: "{{consumer}}",
        },
      ],
      needs: "workers that report messages and are never seen idle",
    },
    {
      title: "Uptime",
      answers: "How old are the oldest and the youngest process of each consumer?",
      shows: "lines",
      queries: [
        { expr: `max by (consumer) (worker_uptime_seconds{${pool}})`, legend: "{{consumer}} oldest" },
        { expr: `min by (consumer) (worker_uptime_seconds{${pool}})`, legend: "{{consumer}} youngest" },
      ],
      unit: "s",
    },
    {
      title: "Memory by worker",
      answers: "Which processes are the largest?",
      shows: "lines",
      queries: [
        { expr: `topk(20, worker_resident_memory_bytes{${pool}})`, legend: "{{consumer}} {{worker}}" },
        { expr: `sum by (consumer) (worker_resident_memory_bytes{${pool}})`, legend: "{{consumer}} in all" },
      ],
      unit: "bytes",
    },
    {
      title: "CPU by worker",
      answers: "Which processes use how much of a core?",
      shows: "lines",
      queries: [
        { expr: `topk(20, ${rate(`worker_cpu_seconds_total{${pool}}`)})`, legend: "{{consumer}} {{worker}}" },
        { expr: `sum by (consumer) (${rate(`worker_cpu_seconds_total{${pool}}`)})`, legend: "{{consumer}} in all" },
      ],
      unit: "percentunit",
    },
  ],
};
