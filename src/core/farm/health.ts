import { describeExit } from "../supervision/exit.ts";
import type { WorkerState } from "../supervision/lifecycle.ts";
import { plural } from "./operation-text.ts";
import type { ConsumerSnapshot, FarmSnapshot, WorkerSnapshot } from "./snapshot.ts";

/** Why a consumer keeps the farm from being ready. */
export interface NotReady {
  readonly consumer: string;
  readonly reason: "starting" | "degraded" | "parked" | "draining";
  /** For people, with numbers: `2 of 3 workers ready; next start of worker 4 in 1.2s after exit code 1`. */
  readonly detail: string;
}

/** What is wrong with a consumer and does not keep the farm from being ready. */
export interface Warning {
  readonly consumer: string;
  /**
   * `source_failing`: the autoscaler gets no answer of a source, and sizes the consumer without. `stopped`, `paused`: a person wanted all
   * or some of its workers so.
   */
  readonly reason: "source_failing" | "stopped" | "paused";
  /** For people, without credentials. */
  readonly detail: string;
}

/** Whether the farm can do its work; `consumers` holds the ones that cannot, both lists in the order of the file. */
export interface Readiness {
  readonly ready: boolean;
  readonly consumers: readonly NotReady[];
  readonly warnings: readonly Warning[];
}

/**
 * A farm is ready when every consumer has its minimum of workers, none is degraded and none has given up. A worker that
 * is `finished` counts as ready: it did all that was asked of it. A farm that stops is never ready. A source of the autoscaler
 * that fails is a warning: the workers do what they did. So are workers that a person stopped or paused: they are as they were wanted,
 * and the minimum is asked of the others only.
 */
export function judgeReadiness(snapshot: FarmSnapshot): Readiness {
  if (snapshot.phase === "stopping") return { ready: false, consumers: snapshot.consumers.map(stopping), warnings: [] };
  const consumers = snapshot.consumers.flatMap((consumer) => judgeConsumer(consumer, snapshot.atMs) ?? []);
  return { ready: consumers.length === 0, consumers, warnings: snapshot.consumers.flatMap(warn) };
}

function warn({ name, sourceFailure, workers }: ConsumerSnapshot): readonly Warning[] {
  const warning = (reason: Warning["reason"], detail: string): Warning => ({ consumer: name, reason, detail });
  const held = (["stopped", "paused"] as const).flatMap((reason) => {
    const { length } = workers.filter((worker) => heldBy(worker) === reason);
    return length === 0 ? [] : [warning(reason, `${length} of ${plural(workers.length, "worker")} ${reason} by hand`)];
  });
  return sourceFailure === null ? held : [warning("source_failing", sourceFailure), ...held];
}

/** How a person wanted this worker, when not at work. */
function heldBy({ state, paused }: WorkerSnapshot): "stopped" | "paused" | null {
  if (state === "stopped") return "stopped";
  return paused ? "paused" : null;
}

function stopping({ name, workers }: ConsumerSnapshot): NotReady {
  const running = workers.filter(({ pid }) => pid !== null).length;
  return { consumer: name, reason: "draining", detail: `stopping; ${plural(running, "worker")} still running` };
}

/** Why a consumer is not ready, or null when it is; of a farm that does not stop. */
export function judgeConsumer(consumer: ConsumerSnapshot, nowMs: number): NotReady | null {
  if (consumer.stopped || (consumer.paused && consumer.parked === null)) return null;
  const { name, target } = consumer;
  const workers = consumer.workers.filter((worker) => heldBy(worker) === null);
  // A person may have gone below the minimum.
  const min = consumer.sizedBy === "person" ? Math.min(consumer.min, target) : consumer.min;
  const held = consumer.workers.length - workers.length;
  const needed = Math.max(0, min - held);
  const ready = count(workers, "ready") + count(workers, "finished");
  const wanted = Math.max(needed, target - held);
  const tally = `${ready} of ${plural(wanted, "worker")} ready${needed < wanted ? `, ${needed} needed` : ""}`;
  const blame = (reason: NotReady["reason"], details: readonly string[]): NotReady => ({
    consumer: name,
    reason,
    detail: [tally, ...details].join("; "),
  });

  if (consumer.parked !== null) return blame("parked", [`given up: ${consumer.parked}`]);
  const waiting = workers.flatMap((worker) => explainWorker(worker, nowMs) ?? []);
  if (consumer.degraded) return blame("degraded", waiting);
  if (ready >= needed) return null;
  if (count(workers, "parked") > 0) return blame("parked", waiting);
  const onlyDraining = count(workers, "draining") > 0 && ready + count(workers, "draining") === workers.length;
  return blame(onlyDraining ? "draining" : "starting", waiting);
}

/** Why one worker is not ready, or null when it is. */
function explainWorker(worker: WorkerSnapshot, nowMs: number): string | null {
  const lastExit = worker.lastExit === null ? "" : ` after ${describeExit(worker.lastExit)}`;
  switch (worker.state) {
    case "starting":
      return `worker ${worker.id} is starting${lastExit}`;
    case "draining":
      return `worker ${worker.id} is draining`;
    case "backoff":
      return `next start of worker ${worker.id} in ${seconds((worker.nextStartAtMs ?? nowMs) - nowMs)}${lastExit}`;
    case "parked":
      return `worker ${worker.id} is parked${lastExit}`;
    default:
      return null;
  }
}

function count(workers: readonly WorkerSnapshot[], state: WorkerState): number {
  return workers.filter((worker) => worker.state === state).length;
}

/** To a tenth, never negative: `1.2s`, `30s`. */
function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 100) / 10)}s`;
}
