import type { AskedCause } from "../core/farm/events.ts";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import { nextToRestart } from "../core/supervision/rolling.ts";
import type { Consumer } from "./consumer.ts";
import type { Clock } from "./host.ts";
import { type Listen, watchStarts } from "./start-watch.ts";
import type { Worker } from "./worker.ts";

/** What a rolling restart is to do. */
export interface RollingOrder {
  readonly consumer: Consumer;
  readonly workers: readonly Worker[];
  readonly maxUnavailable: number;
  readonly cause: AskedCause;
  /** The definition the workers get before they start again; null keeps theirs. */
  readonly spec: ConsumerSpec | null;
}

/** What came of it. `failed` names the first worker that did not do well; those after it were not touched. */
export interface RollingResult {
  readonly restarted: readonly Worker[];
  readonly failed: { readonly worker: Worker; readonly why: string } | null;
}

/** True for a worker that a restart gives another process. A person may have stopped or paused it; one on its way out stays so. */
export function isRestartable({ leaving, paused, state }: Worker): boolean {
  return !leaving && !paused && state !== "stopped";
}

/** Ready, and not just reaped. */
function isAtWork({ state, runningSinceMs }: Worker): boolean {
  return state === "ready" && runningSinceMs !== null;
}

/** Restarts workers a few at a time: the next go when those before are ready and live on. Ends at the first that fails. */
export async function restartRolling(order: RollingOrder, clock: Clock, listen: Listen): Promise<RollingResult> {
  const { consumer, maxUnavailable, cause, spec } = order;
  const watch = watchStarts(consumer, clock, listen);
  const pending = new Set(order.workers);
  const inProgress = new Set<Promise<void>>();
  const restarted: Worker[] = [];
  const failed: NonNullable<RollingResult["failed"]>[] = [];

  const restart = async (worker: Worker): Promise<void> => {
    pending.delete(worker);
    watch.anew(worker); // it may have ended, and come back, by itself before its turn
    if (spec !== null) worker.adopt(spec);
    worker.restart(cause);
    const why = await watch.of(worker);
    if (why === null) restarted.push(worker);
    else failed.push({ worker, why });
  };

  while (failed.length === 0) {
    for (const worker of pending) if (!isRestartable(worker)) pending.delete(worker);
    const candidates = [...pending].map((worker) => ({ worker: worker.ref.worker, ready: isAtWork(worker) }));
    const next = new Set(nextToRestart(candidates, inProgress.size, maxUnavailable).map(({ worker }) => worker));
    for (const worker of [...pending].filter(({ ref }) => next.has(ref.worker))) {
      const done: Promise<void> = restart(worker).finally(() => inProgress.delete(done));
      inProgress.add(done);
    }
    if (inProgress.size === 0) break;
    await Promise.race(inProgress);
  }
  await Promise.all(inProgress); // those under way when one failed
  watch.close();
  return { restarted, failed: failed[0] ?? null };
}
