/** How long messages waited, in seconds. All 0 when there were none. */
export interface Waits {
  readonly messages: number;
  readonly mean: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Share of the messages that waited no longer than the objective, 0..1. */
  readonly withinObjective: number;
}

/** Sums up. Percentiles are nearest ranks. */
export function waitsOf(seconds: Float64Array, objectiveSeconds: number): Waits {
  const sorted = seconds.toSorted();
  const messages = sorted.length;
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * messages) - 1)] ?? 0;
  let sum = 0;
  let within = 0;
  for (const wait of sorted) {
    sum += wait;
    if (wait <= objectiveSeconds) within++;
  }
  return {
    messages,
    mean: messages === 0 ? 0 : sum / messages,
    p95: rank(0.95),
    p99: rank(0.99),
    max: rank(1),
    withinObjective: messages === 0 ? 1 : within / messages,
  };
}

/** A rule meets its objective when at most one message in twenty waited longer. */
export function meetsObjective(waits: Waits): boolean {
  return waits.withinObjective >= 0.95;
}
