import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import type { HistogramFigures } from "../core/tasks/task-figures.ts";
import { buckets, escapeLabel, type Family, family, texts } from "./metric-text.ts";

/** What is told of the tasks of each consumer that has any, as pieces of the page. All of it is read from the snapshot: nothing is kept here. */
export function* renderTaskSeries({ consumers }: FarmSnapshot): Generator<string> {
  const accepted = family("task_accepted_total", "counter", "Tasks accepted.");
  const rejected = family("task_rejected_total", "counter", "Tasks refused at once, by reason.");
  const finished = family("task_finished_total", "counter", "Accepted tasks that were answered, by result.");
  const retries = family("task_retries_total", "counter", "Runs of tasks after the first.");
  const errors = family("task_protocol_errors_total", "counter", "What workers did wrong in answering tasks, by kind.");
  const waiting = family("task_waiting", "gauge", "Accepted tasks that no worker has been handed.");
  const inFlight = family("task_in_flight", "gauge", "Tasks that are handed to workers.");
  const wait = family("task_wait_seconds", "histogram", "Time from acceptance to the worker.");
  const run = family("task_run_seconds", "histogram", "Time from the worker to the answer.");

  for (const { name, tasks } of consumers) {
    if (tasks === null) continue;
    const labels = `consumer="${escapeLabel(name)}"`;
    accepted.add(labels, tasks.accepted);
    addEach(rejected, labels, "reason", tasks.rejected);
    addEach(finished, labels, "result", tasks.finished);
    retries.add(labels, tasks.retried);
    addEach(errors, labels, "kind", tasks.protocolErrors);
    waiting.add(labels, tasks.waiting);
    inFlight.add(labels, tasks.inFlight);
    addHistogram(wait, labels, tasks.wait);
    addHistogram(run, labels, tasks.run);
    yield "";
  }
  yield* texts([accepted, rejected, finished, retries, errors, waiting, inFlight, wait, run]);
}

function addEach(metric: Family, labels: string, label: string, counts: Readonly<Record<string, number>>): void {
  for (const [value, count] of Object.entries(counts)) metric.add(`${labels},${label}="${value}"`, count);
}

function addHistogram(metric: Family, labels: string, figures: HistogramFigures): void {
  for (const [le, below] of buckets(figures)) metric.addTo("_bucket", `${labels},${le}`, below);
  metric.addTo("_sum", labels, figures.sum);
  metric.addTo("_count", labels, figures.count);
}
