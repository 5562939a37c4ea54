import type { RestartReason, StopCause } from "../farm/events.ts";
import type { RestartSpec } from "../farm/spec.ts";
import { backoffDelayMs } from "./backoff.ts";
import type { ExitReason } from "./exit.ts";

/** One end of a worker's process, with all that the decision needs. */
export interface ExitFacts {
  readonly exit: ExitReason;
  readonly uptimeMs: number;
  /** The worker told of at least one message handled or failed, or of progress. */
  readonly reportedWork: boolean;
  /** Times of this worker's earlier failures, oldest first, by the same clock as `nowMs`. */
  readonly failures: readonly number[];
  /** The failure limit was open already when this process started. */
  readonly limitOpen: boolean;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
}

/** What follows. `failures` is what to keep for the next decision: the list inside the window, this one included. */
export type RestartDecision =
  | {
      readonly do: "restart";
      readonly reason: RestartReason;
      readonly delayMs: number;
      readonly failures: readonly number[];
      /** The failure limit is open: the consumer is degraded. */
      readonly overLimit: boolean;
    }
  /** Its policy wants no other process. */
  | { readonly do: "finish" }
  /** Its exit code forbids a retry: this worker alone is parked. */
  | { readonly do: "park_worker" }
  /** The failure limit is open and the answer is `park` or `exit`: the whole consumer gives up. */
  | { readonly do: "give_up"; readonly answer: "park" | "exit"; readonly failures: readonly number[] };

/** 0 and the codes the user lists are success; a signal and a failed start never are. */
export function isSuccess(rules: RestartSpec, exit: ExitReason): boolean {
  return exit.kind === "exited" && (exit.code === 0 || rules.successCodes.includes(exit.code));
}

/** Failures that still count at `nowMs`. */
export function recentFailures(failures: readonly number[], windowMs: number, nowMs: number): readonly number[] {
  return failures.filter((atMs) => atMs > nowMs - windowMs);
}

/**
 * True when a clean exit may be one of a loop that does nothing: earlier than `minUptimeMs`. Only then does it matter
 * whether the worker reported work, and only then need the caller wait for its last frames before it decides.
 */
export function mayBeTooSoon(rules: RestartSpec, exit: ExitReason, uptimeMs: number): boolean {
  return isSuccess(rules, exit) && uptimeMs < rules.minUptimeMs;
}

/**
 * What follows the end of a process that pm had not asked to stop.
 *
 * A clean exit restarts at once and forgets all failures. One that came too soon and did nothing is delayed like a failure and
 * degrades the consumer like one, but never parks it or ends the farm: it is no failure, and workers that cannot report their work
 * (one message each, no protocol) would look just so.
 */
export function decideRestart(rules: RestartSpec, facts: ExitFacts): RestartDecision {
  const { exit, nowMs } = facts;
  const success = isSuccess(rules, exit);
  if (exit.kind === "exited" && rules.neverRestartCodes.includes(exit.code)) return { do: "park_worker" };
  if (rules.policy === "never" || (rules.policy === "on-failure" && success)) return { do: "finish" };

  const tooSoon = mayBeTooSoon(rules, exit, facts.uptimeMs) && !facts.reportedWork;
  if (success && !tooSoon) return { do: "restart", reason: "exit_success", delayMs: 0, failures: [], overLimit: false };

  const failures = [...recentFailures(facts.failures, rules.failureWindowMs, nowMs), nowMs].slice(
    -(rules.failureLimit + 1),
  );
  // Long delays thin the failures out: without this, a loop at the longest delay would look healed and start over.
  const stillOpen = facts.limitOpen && facts.uptimeMs < rules.failureWindowMs;
  const overLimit = stillOpen || failures.length > rules.failureLimit;
  if (overLimit && !tooSoon && rules.onFailureLimit !== "retry") {
    return { do: "give_up", answer: rules.onFailureLimit, failures };
  }
  const backoff = { baseMs: rules.backoffBaseMs, maxMs: rules.backoffMaxMs, jitter: rules.backoffJitter };
  const delayMs = overLimit
    ? backoffDelayMs({ ...backoff, baseMs: rules.backoffMaxMs }, 1, facts.random)
    : backoffDelayMs(backoff, failures.length, facts.random);
  return { do: "restart", reason: tooSoon ? "exited_too_soon" : failureReason(exit), delayMs, failures, overLimit };
}

function failureReason(exit: ExitReason): RestartReason {
  switch (exit.kind) {
    case "exited":
      return "exit_failure";
    case "signaled":
      return "signal";
    case "spawn_failed":
      return "spawn_failed";
  }
}

/** The restart reason of a stop that pm asked for, or null when no process follows it. */
export function restartReasonOf(cause: StopCause): RestartReason | null {
  switch (cause) {
    case "shutdown":
    case "removed":
    case "scale_down":
    case "stopped":
    case "parked":
      return null;
    default:
      return cause;
  }
}
