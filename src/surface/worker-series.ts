import type { ConsumerSnapshot, FarmSnapshot, WorkerSnapshot } from "../core/farm/snapshot.ts";
import { escapeLabel, family, texts } from "./metric-text.ts";
import type { MessageMetrics } from "./message-metrics.ts";
import type { ProcessUsage } from "../system/proc-stat.ts";

type Transports = Pick<MessageMetrics, "transportLabel" | "transportsOf">;

/** Workers told of in one go: at most a third of a millisecond, when their processes are read for the first time. */
const workersAtOnce = 25;

/** What is told of each worker, as pieces of the page: a worker without a process has no series. `readProcesses` is asked once for each. */
export function* renderWorkerSeries(
  snapshot: FarmSnapshot,
  readProcesses: (pids: number[]) => ReadonlyMap<number, ProcessUsage>,
  transports: Transports,
): Generator<string> {
  const busy = family("worker_busy", "gauge", "1 while the worker handles a message of the transport, else 0.");
  const lastPong = family(
    "worker_last_pong_timestamp",
    "gauge",
    "When the worker last answered a ping, in epoch seconds.",
  );
  const uptime = family("worker_uptime_seconds", "gauge", "Age of the worker's process.");
  const resident = family("worker_resident_memory_bytes", "gauge", "Resident memory of the worker's process.");
  const cpu = family(
    "worker_cpu_seconds_total",
    "counter",
    "User and system time of the worker's process; starts again with each process.",
  );

  for (const { name, workers } of runningWorkers(snapshot.consumers)) {
    const usage = readProcesses(workers.map(({ pid }) => pid));
    const consumer = `consumer="${escapeLabel(name)}"`;
    const idle = Array.from(transports.transportsOf(name), (transport) => [transport, 0] as const);
    const labelOf = new Map(idle.map(([transport]) => [transport, escapeLabel(transport)]));
    for (const worker of workers) {
      const id = `worker="${worker.id}"`;
      for (const [transport, value] of busyByTransport(worker, idle, transports)) {
        const label = labelOf.get(transport) ?? escapeLabel(transport);
        busy.add(`${id},${consumer},transport="${label}"`, value);
      }
      if (worker.lastPongEpochMs !== null) lastPong.add(id, worker.lastPongEpochMs / 1000);
      const labels = `${consumer},${id}`;
      if (worker.startedAtMs !== null)
        uptime.add(labels, Math.max(0, Math.round(snapshot.atMs - worker.startedAtMs)) / 1000);
      const used = usage.get(worker.pid);
      if (used === undefined) continue;
      resident.add(labels, used.rssBytes);
      cpu.add(labels, used.cpuSeconds);
    }
    yield "";
  }
  yield* texts([busy, lastPong, uptime, resident, cpu]);
}

type Running = WorkerSnapshot & { readonly pid: number };

/** The workers that have a process, some at a time. */
function* runningWorkers(
  consumers: readonly ConsumerSnapshot[],
): Generator<{ readonly name: string; readonly workers: readonly Running[] }> {
  for (const { name, workers } of consumers) {
    const running = workers.filter((worker): worker is Running => worker.pid !== null);
    for (let at = 0; at < running.length; at += workersAtOnce) {
      yield { name, workers: running.slice(at, at + workersAtOnce) };
    }
  }
}

type Busy = readonly [transport: string, busy: 0 | 1];

function busyByTransport({ inFlight }: WorkerSnapshot, idle: readonly Busy[], transports: Transports): Iterable<Busy> {
  const names = Object.keys(inFlight);
  if (names.length === 0) return idle;
  const values = new Map(idle);
  for (const name of names) if ((inFlight[name] ?? 0) > 0) values.set(transports.transportLabel(name), 1);
  return values;
}
