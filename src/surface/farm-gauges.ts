import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import { hasProcess, type WorkerState } from "../core/supervision/lifecycle.ts";
import { escapeLabel, type Family, family, texts } from "./metric-text.ts";

/** `gone` is not among them: such a worker is in no snapshot. */
const states = [
  "starting",
  "ready",
  "draining",
  "backoff",
  "parked",
  "stopped",
  "finished",
] as const satisfies readonly WorkerState[];

const gauge = (name: string, help: string): Family => family(name, "gauge", help);

/** Gauges of the farm and of each consumer, as pieces of the page. */
export function* renderFarmGauges(snapshot: FarmSnapshot): Generator<string> {
  const running = gauge("process_manager_running", "1 while the farm runs, 0 once it stops.");
  const target = gauge("autoscaler_target_workers", "Workers the consumer should have.");
  const current = gauge(
    "autoscaler_current_workers",
    "Workers that are starting, ready or waiting for a restart; those that are draining do not count.",
  );
  const unmet = gauge("autoscaler_unmet_demand", "Workers wanted beyond what the total cap grants.");
  const desired = gauge("autoscaler_desired_workers", "Workers the strategy asks for, before the cap.");
  const depth = gauge("autoscaler_queue_depth", "Messages waiting, as the strategy saw them last.");
  const sourceUp = gauge(
    "autoscaler_source_up",
    "1 while the sources of the strategy answer, 0 while one of them fails.",
  );
  const busy = gauge("worker_busy_workers", "Workers at work, those that are draining among them.");
  const byState = gauge("worker_state", "Workers of the consumer in each state.");

  running.add("", snapshot.phase === "running" ? 1 : 0);
  for (const { name, target: wanted, workers, decision, ...each } of snapshot.consumers) {
    const labels = `consumer="${escapeLabel(name)}"`;
    const counts = { starting: 0, ready: 0, draining: 0, backoff: 0, parked: 0, stopped: 0, finished: 0, gone: 0 };
    let atWork = 0;
    for (const worker of workers) {
      counts[worker.state] += 1;
      if (hasProcess(worker.state) && worker.busy > 0) atWork += 1;
    }
    for (const state of states) byState.add(`${labels},state="${state}"`, counts[state]);
    target.add(labels, wanted);
    current.add(labels, counts.starting + counts.ready + counts.backoff);
    // Without a cap everything that is wanted is granted.
    const isCapped = snapshot.totalCap !== null && decision !== null;
    unmet.add(labels, isCapped ? Math.max(0, decision.desired - decision.allocated) : 0);
    desired.add(labels, decision?.desired ?? wanted);
    if (decision !== null && decision.queueDepth !== null) depth.add(labels, decision.queueDepth);
    if (each.hasSource) sourceUp.add(labels, each.sourceFailure === null ? 1 : 0);
    busy.add(labels, atWork);
    yield "";
  }
  yield* texts([running, target, current, unmet, desired, depth, sourceUp, busy, byState]);
}
