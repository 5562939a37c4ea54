import { Gauge, type Registry } from "./prometheus.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import { hasProcess, type WorkerState } from "../core/supervision/lifecycle.ts";

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

/** Gauges of the farm and of each consumer, filled from a snapshot. */
export function createFarmGauges(registry: Registry): { fill(snapshot: FarmSnapshot): void } {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers: [registry] });

  const running = gauge("process_manager_running", "1 while the farm runs, 0 once it stops.");
  const target = gauge("autoscaler_target_workers", "Workers the consumer should have.", "consumer");
  const current = gauge(
    "autoscaler_current_workers",
    "Workers that are starting, ready or waiting for a restart; those that are draining do not count.",
    "consumer",
  );
  const unmet = gauge("autoscaler_unmet_demand", "Workers wanted beyond what the total cap grants.", "consumer");
  const desired = gauge("autoscaler_desired_workers", "Workers the strategy asks for, before the cap.", "consumer");
  const depth = gauge("autoscaler_queue_depth", "Messages waiting, as the strategy saw them last.", "consumer");
  const sourceUp = gauge(
    "autoscaler_source_up",
    "1 while the sources of the strategy answer, 0 while one of them fails.",
    "consumer",
  );
  const busy = gauge("worker_busy_workers", "Workers at work, those that are draining among them.", "consumer");
  const byState = gauge("worker_state", "Workers of the consumer in each state.", "consumer", "state");

  return {
    fill(snapshot) {
      running.set(snapshot.phase === "running" ? 1 : 0);
      for (const each of [target, current, unmet, desired, depth, sourceUp, busy, byState]) each.reset();
      for (const { name: consumer, target: wanted, workers, decision, ...each } of snapshot.consumers) {
        const counts = { starting: 0, ready: 0, draining: 0, backoff: 0, parked: 0, stopped: 0, finished: 0, gone: 0 };
        for (const worker of workers) counts[worker.state] += 1;
        for (const state of states) byState.set({ consumer, state }, counts[state]);
        target.set({ consumer }, wanted);
        current.set({ consumer }, counts.starting + counts.ready + counts.backoff);
        // Without a cap everything that is wanted is granted.
        const isCapped = snapshot.totalCap !== null && decision !== null;
        unmet.set({ consumer }, isCapped ? Math.max(0, decision.desired - decision.allocated) : 0);
        desired.set({ consumer }, decision?.desired ?? wanted);
        if (decision !== null && decision.queueDepth !== null) depth.set({ consumer }, decision.queueDepth);
        if (each.hasSource) sourceUp.set({ consumer }, each.sourceFailure === null ? 1 : 0);
        busy.set({ consumer }, workers.filter((worker) => hasProcess(worker.state) && worker.busy > 0).length);
      }
    },
  };
}
