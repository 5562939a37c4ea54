import type { LivenessSpec, RecycleSpec } from "../farm/spec.ts";

/** The replacement pm itself decides on: a healthy worker past a limit, or a hung one. */
export type ReplaceCause =
  | "max_lifetime"
  | "max_memory"
  | "max_idle"
  | "ping_timeout"
  | "max_message_time"
  | "no_progress"
  /** A task went past its deadline, or was called off, and the worker did not let go of it. */
  | "task_stuck"
  /** It cannot be talked to any more. */
  | "task_broken"
  | "max_tasks";

/** What is known of one running process. Instants are of the same monotonic clock as `nowMs`. */
export interface ProcessFacts {
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Null when it could not be read. */
  readonly memoryBytes: number | null;
  /** True while it handles a message. */
  readonly busy: boolean;
  /** When it took the oldest message in flight, or null. */
  readonly messageSinceMs: number | null;
  /** When it last became idle (its start, before any message). */
  readonly idleSinceMs: number;
  /** When the oldest ping without an answer was sent, or null. */
  readonly unansweredPingAtMs: number | null;
  /** When it last showed a sign of life: a frame, a line of output, its start. */
  readonly lastProgressAtMs: number;
  /** In [0, 1), drawn once for each process: spreads the recycling of workers that started together. */
  readonly spread: number;
}

/** Up to this share of a recycling limit is taken off by chance. */
const spreadShare = 0.1;

/** A recycling limit reached while busy waits for an idle moment, until it is over by this share. */
const patienceShare = 0.1;

/**
 * Whether the process is to be replaced now, and why; null lets it be.
 *
 * Hung first: those limits are exact and do not wait. A ping is answered between messages only, so a busy worker that does
 * not answer is judged by `max_message_time`, not by `ping_timeout`.
 * Recycling waits for an idle moment: a busy worker is left alone until 10 % past the limit.
 */
export function judgeProcess(recycle: RecycleSpec, liveness: LivenessSpec, facts: ProcessFacts): ReplaceCause | null {
  const { nowMs, busy } = facts;
  const over = (sinceMs: number | null, limitMs: number | null): boolean =>
    sinceMs !== null && limitMs !== null && nowMs - sinceMs >= limitMs;

  if (over(facts.messageSinceMs, liveness.maxMessageTimeMs)) return "max_message_time";
  if (over(pingClockMs(facts), liveness.pingTimeoutMs)) return "ping_timeout";
  if (over(facts.lastProgressAtMs, liveness.noProgressMs)) return "no_progress";

  const early = 1 - spreadShare * facts.spread;
  const due = (value: number, limit: number | null): boolean =>
    limit !== null && value >= (busy ? limit + limit * patienceShare : limit * early);
  if (due(nowMs - facts.startedAtMs, recycle.maxLifetimeMs)) return "max_lifetime";
  const { maxMemoryBytes } = recycle;
  if (facts.memoryBytes !== null && maxMemoryBytes !== null) {
    if (facts.memoryBytes >= (busy ? maxMemoryBytes + maxMemoryBytes * patienceShare : maxMemoryBytes))
      return "max_memory";
  }
  if (!busy && over(facts.idleSinceMs, recycle.maxIdleMs === null ? null : recycle.maxIdleMs * early))
    return "max_idle";
  return null;
}

/**
 * Milliseconds until the process should be judged again when no event comes before, or null when nothing can fall due.
 * Memory has no event, so a memory limit asks for a look every `memoryIntervalMs`.
 */
export function nextJudgementMs(
  recycle: RecycleSpec,
  liveness: LivenessSpec,
  facts: ProcessFacts,
  memoryIntervalMs: number,
): number | null {
  const early = 1 - spreadShare * facts.spread;
  const dueAtMs: number[] = [];
  const add = (sinceMs: number | null, limitMs: number | null): void => {
    if (sinceMs !== null && limitMs !== null) dueAtMs.push(sinceMs + limitMs);
  };
  add(facts.messageSinceMs, liveness.maxMessageTimeMs);
  add(pingClockMs(facts), liveness.pingTimeoutMs);
  add(facts.lastProgressAtMs, liveness.noProgressMs);
  if (recycle.maxLifetimeMs !== null) {
    add(facts.startedAtMs, recycle.maxLifetimeMs * (facts.busy ? 1 + patienceShare : early));
  }
  if (!facts.busy && recycle.maxIdleMs !== null) add(facts.idleSinceMs, recycle.maxIdleMs * early);
  if (recycle.maxMemoryBytes !== null) dueAtMs.push(facts.nowMs + memoryIntervalMs);
  return dueAtMs.length === 0 ? null : Math.max(0, Math.ceil(Math.min(...dueAtMs) - facts.nowMs));
}

/** Since when an answer is owed: a ping that came during a message is only owed an answer from the end of that message on. */
function pingClockMs(facts: ProcessFacts): number | null {
  return facts.busy || facts.unansweredPingAtMs === null ? null : Math.max(facts.unansweredPingAtMs, facts.idleSinceMs);
}
