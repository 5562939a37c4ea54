import { farm, own, pool, rate, type Panel, type Row } from "./panel.ts";

const perStream = (title: string, answers: string, metric: string, unit: "ops" | "Bps"): Panel => ({
  title,
  answers,
  shows: "lines",
  queries: [{ expr: `sum by (consumer, stream) (${rate(`${metric}{${pool}}`)})`, legend: "{{consumer}} {{stream}}" }],
  unit,
});

/** What the workers write, and what they tell pm. */
export const output: Row = {
  title: "Output and frames",
  panels: [
    perStream("Lines", "Who writes how many lines?", "pm_log_lines_total", "ops"),
    perStream("Bytes", "Who writes how much?", "pm_log_bytes_total", "Bps"),
    perStream("Dropped lines", "Are lines lost because nobody reads pm's output?", "pm_log_dropped_lines_total", "ops"),
    perStream("Truncated lines", "Are lines longer than max_line?", "pm_log_truncated_lines_total", "ops"),
    {
      title: "Frames lost or not understood",
      answers: "Do workers and pm misunderstand each other?",
      shows: "lines",
      queries: [
        {
          expr: `sum by (consumer, kind) (${rate(`pm_ipc_errors_total{${pool}}`)}) * 60`,
          legend: "{{consumer}} {{kind}}",
        },
      ],
      unit: "cpm",
    },
  ],
};

/** What pm itself costs. */
export const ownUsage: Row = {
  title: "pm itself",
  panels: [
    {
      title: "CPU",
      answers: "How much of a core does pm use?",
      shows: "lines",
      queries: [{ expr: own(rate(`process_cpu_seconds_total{${farm}}`)), legend: "{{instance}}" }],
      unit: "percentunit",
    },
    {
      title: "Memory",
      answers: "How large is pm?",
      shows: "lines",
      queries: [{ expr: own(`process_resident_memory_bytes{${farm}}`), legend: "{{instance}}" }],
      unit: "bytes",
    },
    {
      title: "File descriptors",
      answers: "How much of its limit of open files does pm use?",
      shows: "lines",
      queries: [{ expr: own(`process_open_fds{${farm}} / process_max_fds{${farm}}`), legend: "{{instance}}" }],
      unit: "percentunit",
      thresholds: [
        { from: 0.7, color: "yellow" },
        { from: 0.9, color: "red" },
      ],
    },
    {
      title: "Running since",
      answers: "How long does pm run, and in which version?",
      shows: "lines",
      queries: [
        {
          expr: `(time() - process_start_time_seconds{${farm}}) * on (job, instance) group_left (version) pm_build_info{${farm}}`,
          legend: "{{instance}} pm {{version}}",
        },
      ],
      unit: "s",
    },
    {
      title: "Reloads",
      answers: "Was a new configuration taken, or refused?",
      shows: "lines",
      queries: [{ expr: `sum by (result) (pm_config_reloads_total{${farm}})`, legend: "{{result}}" }],
    },
  ],
};
