/** A worker as far as a rolling restart needs it. */
export interface RollingWorker {
  readonly worker: number;
  readonly ready: boolean;
}

/**
 * Who is restarted next, so that never more than `maxUnavailable` are not ready: those that are not ready anyway at once, the others
 * as far as that leaves room. `workers` are those still to be restarted, in their order; `inProgress` counts those under way.
 */
export function nextToRestart(
  workers: readonly RollingWorker[],
  inProgress: number,
  maxUnavailable: number,
): readonly RollingWorker[] {
  const unready = workers.filter(({ ready }) => !ready);
  const room = Math.max(0, maxUnavailable - inProgress - unready.length);
  return [...unready, ...workers.filter(({ ready }) => ready).slice(0, room)];
}

/** How many workers of a pool of this size a reload replaces at a time: a quarter, at least one. */
export function reloadUnavailable(size: number): number {
  return Math.max(1, Math.floor(size / 4));
}
