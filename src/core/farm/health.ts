import { describeExit } from "../supervision/exit.ts";
import type { WorkerState } from "../supervision/lifecycle.ts";
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
  /** The autoscaler gets no answer of a source, and sizes the consumer without. */
  readonly reason: "source_failing";
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
 * that fails is a warning: the workers do what they did.
 */
export function judgeReadiness(snapshot: FarmSnapshot): Readiness {
  if (snapshot.phase === "stopping") return { ready: false, consumers: snapshot.consumers.map(stopping), warnings: [] };
  const consumers = snapshot.consumers.flatMap((consumer) => judgeConsumer(consumer, snapshot.atMs) ?? []);
  return { ready: consumers.length === 0, consumers, warnings: snapshot.consumers.flatMap(warn) };
}

function warn({ name, sourceFailure }: ConsumerSnapshot): readonly Warning[] {
  return sourceFailure === null ? [] : [{ consumer: name, reason: "source_failing", detail: sourceFailure }];
}

function stopping({ name, workers }: ConsumerSnapshot): NotReady {
  const running = workers.filter(({ pid }) => pid !== null).length;
  return { consumer: name, reason: "draining", detail: `stopping; ${plural(running, "worker")} still running` };
}

function judgeConsumer(consumer: ConsumerSnapshot, nowMs: number): NotReady | null {
  const { name, min, target, workers } = consumer;
  const ready = count(workers, "ready") + count(workers, "finished");
  const wanted = Math.max(min, target);
  const tally = `${ready} of ${plural(wanted, "worker")} ready${min < wanted ? `, ${min} needed` : ""}`;
  const blame = (reason: NotReady["reason"], details: readonly string[]): NotReady => ({
    consumer: name,
    reason,
    detail: [tally, ...details].join("; "),
  });

  if (consumer.parked !== null) return blame("parked", [`given up: ${consumer.parked}`]);
  const waiting = workers.flatMap((worker) => explainWorker(worker, nowMs) ?? []);
  if (consumer.degraded) return blame("degraded", waiting);
  if (ready >= min) return null;
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

function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** To a tenth, never negative: `1.2s`, `30s`. */
function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 100) / 10)}s`;
}
