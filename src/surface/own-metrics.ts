import { Counter, Gauge, type Registry } from "./prometheus.ts";
import { readOwnUsage } from "./own-usage.ts";

/**
 * What pm itself is and uses. prom-client's own defaults are left alone: under Bun its heap figures are wrong and its
 * version is that of Node.
 */
export function createOwnMetrics(registry: Registry, version: string, bunVersion: string): { fill(): void } {
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });

  new Gauge({
    name: "pm_build_info",
    help: "Always 1; the labels tell what runs.",
    labelNames: ["version", "bun"],
    registers,
  }).set({ version, bun: bunVersion }, 1);
  const cpu = new Counter({ name: "process_cpu_seconds_total", help: "User and system time of pm itself.", registers });
  const resident = gauge("process_resident_memory_bytes", "Resident memory of pm itself.");
  const openFds = gauge("process_open_fds", "File descriptors pm has open.");
  const maxFds = gauge("process_max_fds", "Most file descriptors pm may have open.");
  const started = gauge("process_start_time_seconds", "When pm was started, in epoch seconds.");

  return {
    fill() {
      const usage = readOwnUsage();
      cpu.reset();
      cpu.inc(usage.cpuSeconds);
      resident.set(usage.rssBytes);
      setOrRemove(openFds, usage.openFds);
      setOrRemove(maxFds, usage.maxFds);
      started.set(usage.startedEpochSeconds);
    },
  };
}

function setOrRemove(gauge: Gauge, value: number | null): void {
  if (value === null) gauge.remove();
  else gauge.set(value);
}
