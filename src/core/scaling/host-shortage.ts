import type { HostShortage } from "./load.ts";

/** What this host (or the cgroup pm lives in) has left; null where it cannot be read. */
export interface HostReading {
  /** Share of memory that is still to be had, of the smaller of the machine and the cgroup's limit. */
  readonly freeMemoryShare: number | null;
  /** Share of the last ten seconds in which some task waited for a processor (PSI `some avg10`), 0..1. */
  readonly cpuPressure: number | null;
  /** Share of the processes allowed that may still be started. */
  readonly freePidsShare: number | null;
}

/** Below these there is no scale-up: what is running comes first. */
const leastFreeMemory = 0.1;
const leastFreePids = 0.1;
/** Above this more workers would only wait for one another. */
const mostCpuPressure = 0.8;

/** What speaks against more processes. What cannot be read does not. */
export function judgeHost({ freeMemoryShare, cpuPressure, freePidsShare }: HostReading): HostShortage[] {
  return [
    ...(freeMemoryShare !== null && freeMemoryShare < leastFreeMemory ? (["host_memory"] as const) : []),
    ...(cpuPressure !== null && cpuPressure > mostCpuPressure ? (["host_cpu"] as const) : []),
    ...(freePidsShare !== null && freePidsShare < leastFreePids ? (["host_pids"] as const) : []),
  ];
}
