import { ageText, bytesText, percentText } from "../../core/farm/amounts.ts";
import type { ConsumerStatus, WorkerStatus } from "../../protocol/control-api.ts";
import { consumerNotes, workerNotes } from "./notes.ts";

/** A line of the table. */
export interface Row {
  /** In the order of `titles`; empty for a line that is only a remark. */
  readonly cells: readonly string[];
  /** Decides the colour of the state. */
  readonly state: string;
  /** What follows the cells. */
  readonly notes: readonly string[];
}

export const titles = ["NAME", "ID", "STATE", "PID", "UPTIME", "RESTARTS", "CPU", "RSS", "BUSY"] as const;

/** A consumer with more workers than this shows only those that need a look. */
const mostWorkers = 20;

const none = "-";

/** A consumer and its workers; `whole` shows every one of them, however many there are. */
export function consumerRows(consumer: ConsumerStatus, nowMs: number, whole: boolean): readonly Row[] {
  const { workers } = consumer;
  const rows = (some: readonly WorkerStatus[]): readonly Row[] =>
    some.map((worker) => workerRow(consumer.consumer, worker, nowMs));
  if (whole || workers.length <= mostWorkers) return [consumerRow(consumer), ...rows(workers)];
  const odd = workers.filter((worker) => wordFor(worker) !== "ready" || worker.failures > 0);
  const shown = odd.slice(0, mostWorkers);
  const rest = workers.length - shown.length;
  const more = `… ${rest} more${odd.length === shown.length ? ", all ready" : ""}; --all shows them`;
  return [consumerRow(consumer), ...rows(shown), { cells: [], state: "", notes: [more] }];
}

function consumerRow(consumer: ConsumerStatus): Row {
  const { state, ready, target, workers, busy, tasks } = consumer;
  const isServed = (tasks?.server ?? null) !== null;
  const running = workers.filter(({ pid }) => pid !== null);
  const rss = sum(running, ({ rss_bytes }) => rss_bytes);
  const cpu = sum(running, cpuShare);
  return {
    cells: [
      consumer.consumer,
      "",
      isServed ? state : `${state} ${ready}/${target}`,
      "",
      "",
      String(sum(workers, ({ restarts }) => restarts) ?? 0),
      cpu === null ? none : percentText(cpu),
      rss === null ? none : bytesText(rss),
      String(isServed ? (tasks?.in_flight ?? 0) : busy),
    ],
    state,
    notes: consumerNotes(consumer),
  };
}

function workerRow(consumer: string, worker: WorkerStatus, nowMs: number): Row {
  const { slot, pid, uptime_seconds, restarts, rss_bytes, busy, slots } = worker;
  const share = cpuShare(worker);
  const state = wordFor(worker);
  return {
    cells: [
      `  ${consumer}:${slot}`,
      String(worker.worker),
      state,
      pid === null ? none : String(pid),
      uptime_seconds === null ? none : ageText(uptime_seconds),
      String(restarts),
      share === null ? none : percentText(share),
      rss_bytes === null ? none : bytesText(rss_bytes),
      `${busy}/${slots}`,
    ],
    state,
    notes: workerNotes(worker, nowMs),
  };
}

const wordFor = ({ paused, state }: WorkerStatus): string => (paused ? "paused" : state);

/** Of one processor, over the whole life of the process. */
function cpuShare({ cpu_seconds, uptime_seconds }: WorkerStatus): number | null {
  return cpu_seconds === null || uptime_seconds === null || uptime_seconds <= 0 ? null : cpu_seconds / uptime_seconds;
}

/** Null when not one of them is known. */
function sum(workers: readonly WorkerStatus[], of: (worker: WorkerStatus) => number | null): number | null {
  const known = workers.map(of).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
