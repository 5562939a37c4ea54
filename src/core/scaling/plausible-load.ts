import type { Load } from "./load.ts";

/** More than this nobody measures, and sums and products of it stay exact enough. */
const most = 1e12;

/**
 * The same load with every number finite and at least 0. Sources beyond our control (a server, a program, a trace) can
 * say anything; a depth that is no number is not known.
 */
export function plausible(load: Load): Load {
  const { serviceSeconds, queueDepth } = load;
  return {
    ...load,
    busy: bounded(load.busy),
    throughput: bounded(load.throughput),
    serviceSeconds: serviceSeconds === null || !Number.isFinite(serviceSeconds) ? null : bounded(serviceSeconds),
    queueDepth: queueDepth === null || !Number.isFinite(queueDepth) ? null : bounded(queueDepth),
    slotsPerWorker: Math.max(1, bounded(load.slotsPerWorker)),
  };
}

function bounded(value: number): number {
  return value > 0 ? Math.min(value, most) : 0;
}
