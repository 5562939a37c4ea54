import type { ConsumerStatus, FarmStatus } from "../protocol/control-api.ts";

/** What can only be told from several statuses: rates and the last minute. */
export interface Gauges {
  /** Which pm this is of; another one counts from 0. */
  readonly run: string;
  readonly atMs: number;
  /** Of the last minute, oldest first. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly cpu: ReadonlyMap<number, CpuReading>;
}

interface Sample {
  readonly atMs: number;
  readonly messages: number;
  /** 0..1 */
  readonly busyShare: number;
}

interface CpuReading {
  readonly seconds: number;
  /** Of one processor, since the status before; null for the first one. */
  readonly percent: number | null;
}

/** Nothing seen yet. */
export const noGauges: Gauges = { run: "", atMs: 0, samples: new Map(), cpu: new Map() };

const keptMs = 60_000;
const rateMs = 5000;

/** What the next status adds; `atMs` is of a clock that never goes back. */
export function observe(before: Gauges, status: FarmStatus, atMs: number): Gauges {
  const run = `${status.pid} ${status.started_at}`;
  const known = before.run === run ? before : noGauges;
  const samples = new Map<string, readonly Sample[]>();
  for (const consumer of status.consumers) {
    const older = (known.samples.get(consumer.consumer) ?? []).filter((each) => each.atMs > atMs - keptMs);
    const sample = { atMs, messages: consumer.messages_total, busyShare: busyShare(consumer) };
    samples.set(consumer.consumer, [...older, sample]);
  }
  const cpu = new Map<number, CpuReading>();
  const elapsedSeconds = (atMs - known.atMs) / 1000;
  const processes = [status, ...status.consumers.flatMap(({ workers }) => workers)];
  for (const { pid, cpu_seconds: seconds } of processes) {
    if (pid === null || seconds === null) continue;
    const used = seconds - (known.cpu.get(pid)?.seconds ?? Number.NaN);
    // A pid that was given to another process since has used less.
    const percent = elapsedSeconds > 0 && used >= 0 ? (used / elapsedSeconds) * 100 : null;
    cpu.set(pid, { seconds, percent });
  }
  return { run, atMs, samples, cpu };
}

/** The share of a consumer's running slots that are at work, or of its connections, 0..1. */
export function busyShare({ workers, tasks }: ConsumerStatus): number {
  if (tasks !== null && tasks.server !== null) return Math.min(1, tasks.in_flight / tasks.server.connections);
  const live = workers.filter(({ pid }) => pid !== null);
  const slots = live.reduce((sum, each) => sum + each.slots, 0);
  const busy = live.reduce((sum, each) => sum + each.busy, 0);
  return slots === 0 ? 0 : Math.min(1, busy / slots);
}

/** Over the last seconds; null until there are two statuses. */
export function messagesPerSecond(gauges: Gauges, consumer: string): number | null {
  const samples = (gauges.samples.get(consumer) ?? []).filter(({ atMs }) => atMs >= gauges.atMs - rateMs);
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs === first.atMs) return null;
  return Math.max(0, last.messages - first.messages) / ((last.atMs - first.atMs) / 1000);
}

/** The sum over these processes, in percent of one processor; null when nothing is known of any. */
export function cpuPercent(gauges: Gauges, pids: readonly (number | null)[]): number | null {
  const known = pids.map((pid) => (pid === null ? null : (gauges.cpu.get(pid)?.percent ?? null)));
  return known.every((each) => each === null) ? null : known.reduce<number>((sum, each) => sum + (each ?? 0), 0);
}

/** The busy share of the last minute in so many equal parts, oldest first; null where nothing is known. */
export function lastMinute(gauges: Gauges, consumer: string, parts: number): readonly (number | null)[] {
  const samples = gauges.samples.get(consumer) ?? [];
  const partMs = keptMs / parts;
  // Parts that begin at fixed instants: what is drawn moves on, but never changes its shape.
  const newest = Math.floor(gauges.atMs / partMs);
  return Array.from({ length: parts }, (_, index) => {
    const part = newest - (parts - 1 - index);
    const inside = samples.filter(({ atMs }) => Math.floor(atMs / partMs) === part);
    if (inside.length > 0) return inside.reduce((sum, each) => sum + each.busyShare, 0) / inside.length;
    return samples.findLast(({ atMs }) => atMs < part * partMs)?.busyShare ?? null;
  });
}
