/** How long the latest tasks of a process took at most, in ms; forgets slowly. */
export type RunPeak = number;

/** A process that has done nothing yet counts as a slow one. */
export const UNKNOWN_PEAK: RunPeak = 5;

/** The share that is left after each further task: one of 100 ms is forgotten after some 60 short ones. */
const LEFT = 0.95;

/** Tasks that lie ready at a process take no longer than this together. */
const READY_MS = 4;

const MOST = 32;

/** The peak after a further task. */
export function nextPeak(peak: RunPeak, ranMs: number): RunPeak {
  return Math.max(ranMs, peak * LEFT);
}

/** How many tasks to hand to a process beyond the one at work; 0 where waiting behind that one could be long. */
export function prefetchDepth(peak: RunPeak): number {
  return Math.min(MOST, Math.floor(READY_MS / Math.max(peak, READY_MS / MOST)));
}
