/** A task in the hand of a process that is over. */
export interface InHand {
  /** It was being worked on. */
  readonly isBegun: boolean;
  /** Whoever asked has an answer already: it was called off, or ran out of time. */
  readonly isAnswered: boolean;
  readonly retriesLeft: number;
  readonly deadlineMs: number;
}

/**
 * What becomes of it: `forget` (it has its answer), `wait` (it was not begun: back to where it waited, at no cost), `retry` (run again, which
 * costs a retry) or `lost` (answered so).
 */
export function fateOfLost(task: InHand, nowMs: number): "forget" | "wait" | "retry" | "lost" {
  if (task.isAnswered) return "forget";
  if (!task.isBegun) return "wait";
  return mayRetry(task, nowMs) ? "retry" : "lost";
}

/** Whether a task that was begun and came to nothing is run again. */
export function mayRetry(
  { retriesLeft, deadlineMs }: Pick<InHand, "retriesLeft" | "deadlineMs">,
  nowMs: number,
): boolean {
  return retriesLeft > 0 && nowMs < deadlineMs;
}
