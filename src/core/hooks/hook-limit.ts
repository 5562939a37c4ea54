import type { HookSpec } from "../farm/spec.ts";

/** What is remembered of one hook and one consumer. */
export interface HookHistory {
  /** When it ran, of the last period; ascending. */
  readonly runsAtMs: readonly number[];
  /** So many events have not been told since the last run. */
  readonly suppressed: number;
}

export const noHistory: HookHistory = { runsAtMs: [], suppressed: 0 };

/** Whether a hook runs now, and what to remember: at most so many runs in any stretch of time as long as the period. */
export function admit(
  { runs, periodMs }: HookSpec["limit"],
  { runsAtMs, suppressed }: HookHistory,
  nowMs: number,
): { readonly runs: boolean; readonly history: HookHistory } {
  const recent = runsAtMs.filter((atMs) => atMs > nowMs - periodMs);
  if (recent.length >= runs) return { runs: false, history: { runsAtMs: recent, suppressed: suppressed + 1 } };
  return { runs: true, history: { runsAtMs: [...recent, nowMs], suppressed: 0 } };
}
