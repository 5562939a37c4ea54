import { wholeWorkers } from "./whole-workers.ts";

/** Shares of busy workers, 0..1. */
export interface UtilizationRule {
  readonly target: number;
  readonly scaleUpThreshold: number;
  readonly scaleDownThreshold: number;
}

/** What a failing source falls back to. */
export const fallbackUtilization: UtilizationRule = { target: 0.7, scaleUpThreshold: 0.7, scaleDownThreshold: 0.35 };

/** Less than this is what smoothing leaves of a busy past: a pool that has come to rest would never be at 0 else. */
const rest = 0.001;

/**
 * So many workers that `target` of them is busy, when the busy share is beyond a threshold; else as many as now.
 * Workers that still warm up are no capacity, and a share that is too high never asks for fewer because of them.
 * `busy` is in workers. Exactly on a threshold holds.
 *
 * It cannot see a backlog: busy never exceeds the workers there are, so it asks for current / target at most.
 */
export function byUtilization(
  rule: UtilizationRule,
  { current, warmingUp, busy }: { readonly current: number; readonly warmingUp: number; readonly busy: number },
): { readonly desired: number; readonly words: string } {
  const capacity = Math.max(1, current - warmingUp);
  if (busy < rest) return { desired: 0, words: `none of ${capacity} is busy` };
  const share = busy / capacity;
  const fitting = wholeWorkers(busy / rule.target);
  const seen = `${busy.toFixed(2)} of ${capacity} busy is ${share.toFixed(2)}`;
  const fit = `${busy.toFixed(2)} / ${rule.target} makes ${fitting}`;
  if (share > rule.scaleUpThreshold) {
    const desired = warmingUp > 0 ? Math.max(current, fitting) : fitting;
    return { desired, words: `${seen}, above ${rule.scaleUpThreshold}: ${fit}` };
  }
  if (share < rule.scaleDownThreshold)
    return { desired: fitting, words: `${seen}, below ${rule.scaleDownThreshold}: ${fit}` };
  return {
    desired: current,
    words: `${seen}, between ${rule.scaleDownThreshold} and ${rule.scaleUpThreshold}: stay at ${current}`,
  };
}
