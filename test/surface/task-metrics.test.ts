import { describe, expect, test } from "bun:test";
import { Tally } from "../../src/core/tasks/tally.ts";
import { renderTaskSeries } from "../../src/surface/task-metrics.ts";
import { aConsumer, aFarm, someTasks } from "../core/farm/samples.ts";
import { MetricsPage } from "../support/metrics-page.ts";

const page = (...tasks: readonly Parameters<typeof aConsumer>[0][]): MetricsPage =>
  new MetricsPage([...renderTaskSeries(aFarm(tasks.map((each) => aConsumer(each))))].join(""));
const empty = new Tally().figures({ waiting: 0, inFlight: 0, room: 1 });

const names = [
  "task_accepted_total",
  "task_rejected_total",
  "task_finished_total",
  "task_retries_total",
  "task_protocol_errors_total",
  "task_waiting",
  "task_in_flight",
  "task_wait_seconds",
  "task_run_seconds",
];

describe("metrics of tasks", () => {
  test("have no series for a consumer without tasks, but are declared", () => {
    const { text } = page({});
    expect(new MetricsPage(text).names()).toEqual(names);
    expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
  });

  test("are there from the start, at 0, for every value there is", () => {
    const start = page({ tasks: empty });
    const labels = (metric: string, label: string): string[] =>
      [...start.text.matchAll(new RegExp(`^${metric}\\{consumer="async",${label}="(\\w+)"\\} 0$`, "gmu"))].map(
        ([, value]) => value ?? "",
      );
    expect(labels("task_rejected_total", "reason")).toEqual(Object.keys(empty.rejected));
    expect(labels("task_finished_total", "result")).toEqual(Object.keys(empty.finished));
    expect(labels("task_protocol_errors_total", "kind")).toEqual(Object.keys(empty.protocolErrors));
    for (const name of ["task_accepted_total", "task_retries_total", "task_waiting", "task_in_flight"])
      expect(start.value(`${name}{consumer="async"}`)).toBe(0);
    for (const name of ["task_wait_seconds", "task_run_seconds"]) {
      expect(start.value(`${name}_count{consumer="async"}`)).toBe(0);
      expect(start.value(`${name}_sum{consumer="async"}`)).toBe(0);
      expect(start.value(`${name}_bucket{consumer="async",le="+Inf"}`)).toBe(0);
    }
  });

  test("say what the snapshot says, each consumer apart", () => {
    const seen = page({ tasks: someTasks() }, { name: "b", tasks: empty });
    expect(seen.value('task_accepted_total{consumer="async"}')).toBe(9);
    expect(seen.value('task_accepted_total{consumer="b"}')).toBe(0);
    expect(seen.value('task_rejected_total{consumer="async",reason="overloaded"}')).toBe(4);
    expect(seen.value('task_finished_total{consumer="async",result="ok"}')).toBe(5);
    expect(seen.value('task_retries_total{consumer="async"}')).toBe(2);
    expect(seen.value('task_protocol_errors_total{consumer="async",kind="garbage"}')).toBe(1);
    expect(seen.value('task_waiting{consumer="async"}')).toBe(3);
    expect(seen.value('task_in_flight{consumer="async"}')).toBe(1);
  });

  test("have histograms whose buckets hold all smaller ones", () => {
    const wait = { bounds: [0.1, 1], counts: [2, 0, 3], sum: 12.5, count: 5 };
    const seen = page({ tasks: { ...empty, wait } });
    expect(seen.text.split("\n").filter((line) => line.startsWith("task_wait_seconds_"))).toEqual([
      'task_wait_seconds_bucket{consumer="async",le="0.1"} 2',
      'task_wait_seconds_bucket{consumer="async",le="1"} 2',
      'task_wait_seconds_bucket{consumer="async",le="+Inf"} 5',
      'task_wait_seconds_sum{consumer="async"} 12.5',
      'task_wait_seconds_count{consumer="async"} 5',
    ]);
  });

  test("escape the name of the consumer", () => {
    expect(page({ name: 'a"\\', tasks: empty }).value('task_waiting{consumer="a\\"\\\\"}')).toBe(0);
  });
});
