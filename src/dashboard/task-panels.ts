import { pool, rate, type Panel, type Row } from "./panel.ts";

const needs = "consumers with tasks";

const percentiles = (title: string, answers: string, metric: string): Panel => ({
  title,
  answers,
  shows: "lines",
  queries: [0.5, 0.95, 0.99].map((share) => ({
    expr: `histogram_quantile(${share}, sum by (le, consumer) (${rate(`${metric}_bucket{${pool}}`)}))`,
    legend: `p${share * 100} {{consumer}}`,
  })),
  unit: "s",
  needs,
});

const each = (metric: string, label: string, legend: string): Panel["queries"][number] => ({
  expr: `sum by (consumer, ${label}) (${rate(`${metric}{${pool}}`)}) * 60`,
  legend: `{{consumer}} ${legend}{{${label}}}`,
});

/** What becomes of tasks. */
export const tasks: Row = {
  title: "Tasks",
  panels: [
    {
      title: "Tasks accepted and answered",
      answers: "How many tasks come, and what becomes of them?",
      shows: "lines",
      queries: [
        { expr: `sum by (consumer) (${rate(`task_accepted_total{${pool}}`)})`, legend: "{{consumer}} accepted" },
        {
          expr: `sum by (consumer, result) (${rate(`task_finished_total{${pool}}`)})`,
          legend: "{{consumer}} {{result}}",
        },
      ],
      unit: "ops",
      needs,
    },
    {
      title: "Tasks waiting and in flight",
      answers: "Do the workers keep up with their tasks?",
      shows: "lines",
      queries: [
        { expr: `sum by (consumer) (task_waiting{${pool}})`, legend: "{{consumer}} waiting" },
        { expr: `sum by (consumer) (task_in_flight{${pool}})`, legend: "{{consumer}} in flight" },
      ],
      needs,
    },
    {
      title: "Tasks refused, run again or answered wrongly",
      answers: "Which tasks are turned away, and which give trouble?",
      shows: "lines",
      queries: [
        each("task_rejected_total", "reason", "refused: "),
        { expr: `sum by (consumer) (${rate(`task_retries_total{${pool}}`)}) * 60`, legend: "{{consumer}} run again" },
        each("task_protocol_errors_total", "kind", "protocol: "),
      ],
      unit: "cpm",
      needs,
    },
    percentiles("Wait of tasks", "How long does a task wait for its worker?", "task_wait_seconds"),
    percentiles("Run of tasks", "How long does a worker take for a task?", "task_run_seconds"),
  ],
};
