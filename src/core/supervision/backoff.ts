/** How long to wait before the n-th restart in a row. */
export interface BackoffRules {
  readonly baseMs: number;
  readonly maxMs: number;
  /** 0..1: the share of a delay that chance may take away, so that a herd does not come back at once. */
  readonly jitter: number;
}

/**
 * min(base·2^(attempt-1), max), less jitter. `attempt` counts from 1.
 * `random` is in [0, 1) and passed in, so that a test can pin it.
 */
export function backoffDelayMs(rules: BackoffRules, attempt: number, random: number): number {
  const fullMs = Math.min(rules.baseMs * 2 ** Math.min(attempt - 1, 1023), rules.maxMs);
  return Math.round(fullMs * (1 - rules.jitter * random));
}
