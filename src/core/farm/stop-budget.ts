/**
 * The time a platform gives between its stop signal to pm and its SIGKILL, and what of it is left for the workers.
 * All workers stop at the same time, so each of them may have all of that.
 */

/** In the environment of pm: how long its platform waits, as a duration. Unset, the platform waits as long as it takes. */
export const graceVariable = "PM_STOP_GRACE";

const [leastMarginMs, mostMarginMs] = [500, 5_000];

/**
 * The longest a worker may take at shutdown, in milliseconds: the grace less a tenth of it, at least half a second and at most five,
 * in which pm kills what is left and writes out its logs. Of a grace so short that this would be most of it, half is left to the workers.
 */
export function stopBudgetMs(graceMs: number): number {
  return Math.max(graceMs - within(graceMs / 10), graceMs / 2);
}

/**
 * What the last steps may take once the workers are gone and `leftMs` of the grace remain: hooks at work, then orphans that will not die.
 * A quarter is left for the logs.
 */
export function lastStepsMs(leftMs: number): { readonly hooksMs: number; readonly orphansMs: number } {
  return { hooksMs: Math.max(0, leftMs) / 2, orphansMs: Math.max(0, leftMs) / 4 };
}

/** The shortest grace, in whole seconds, whose budget is at least `longestMs`. */
export function graceSecondsFor(longestMs: number): number {
  return Math.ceil((longestMs + within(longestMs / 9)) / 1000);
}

/** How long the slowest of these may take to stop, in milliseconds; null when one of them may take for ever. */
export function longestStopMs(stopTimeoutsMs: readonly number[]): number | null {
  return stopTimeoutsMs.includes(0) ? null : Math.max(0, ...stopTimeoutsMs);
}

/** True when a worker that may take `stopTimeoutMs` (0: for ever) may take longer than the grace allows. */
export function exceedsGrace(stopTimeoutMs: number, graceMs: number): boolean {
  return stopTimeoutMs === 0 || stopTimeoutMs > stopBudgetMs(graceMs);
}

const within = (marginMs: number): number => Math.min(mostMarginMs, Math.max(leastMarginMs, marginMs));
