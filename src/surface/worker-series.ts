import type { FarmSnapshot, WorkerSnapshot } from "../core/farm/snapshot.ts";
import { escapeLabel, family } from "./metric-text.ts";
import type { MessageMetrics } from "./message-metrics.ts";
import type { ProcessUsage } from "../system/proc-stat.ts";

type Transports = Pick<MessageMetrics, "transportLabel" | "transportsOf">;

/**
 * What is told of each worker, as text of the page: a worker without a process has no series. Written by hand, because
 * there are thousands of these series, they are all new for every page, and prom-client takes 20 times as long for them.
 */
export function renderWorkerSeries(
  snapshot: FarmSnapshot,
  usage: ReadonlyMap<number, ProcessUsage>,
  transports: Transports,
): string {
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

  for (const consumer of snapshot.consumers) {
    const name = escapeLabel(consumer.name);
    for (const worker of consumer.workers) {
      if (worker.pid === null) continue;
      for (const [transport, value] of busyByTransport(worker, consumer.name, transports)) {
        busy.add(`worker="${worker.id}",consumer="${name}",transport="${escapeLabel(transport)}"`, value);
      }
      const labels = `consumer="${name}",worker="${worker.id}"`;
      if (worker.lastPongEpochMs !== null) lastPong.add(`worker="${worker.id}"`, worker.lastPongEpochMs / 1000);
      if (worker.startedAtMs !== null) uptime.add(labels, Math.max(0, snapshot.atMs - worker.startedAtMs) / 1000);
      const used = usage.get(worker.pid);
      if (used === undefined) continue;
      resident.add(labels, used.rssBytes);
      cpu.add(labels, used.cpuSeconds);
    }
  }
  return [busy, lastPong, uptime, resident, cpu].map((each) => each.text()).join("\n");
}

function busyByTransport({ inFlight }: WorkerSnapshot, consumer: string, transports: Transports): Map<string, 0 | 1> {
  const values = new Map<string, 0 | 1>();
  for (const transport of transports.transportsOf(consumer)) values.set(transport, 0);
  for (const [name, count] of Object.entries(inFlight)) if (count > 0) values.set(transports.transportLabel(name), 1);
  return values;
}
