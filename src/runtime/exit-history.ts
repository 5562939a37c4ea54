import type { RestartSpec } from "../core/farm/spec.ts";
import type { ExitReason } from "../core/supervision/exit.ts";
import { decideRestart, type ExitFacts, recentFailures, type RestartDecision } from "../core/supervision/restart.ts";

/** One end of a process that nobody had asked for. */
export type UnaskedExit = Pick<ExitFacts, "exit" | "uptimeMs" | "reportedWork" | "nowMs" | "random">;

/** What a worker remembers of how its processes ended, and what follows from it. */
export class ExitHistory {
  #failures: readonly number[] = [];
  #limitOpen = false;
  #last: { readonly exit: ExitReason; readonly atMs: number } | null = null;

  get lastExit(): ExitReason | null {
    return this.#last?.exit ?? null;
  }

  get lastExitAtMs(): number | null {
    return this.#last?.atMs ?? null;
  }

  /** The failure limit is open. */
  get limitOpen(): boolean {
    return this.#limitOpen;
  }

  /** Failures that counted at the last decision. */
  get failures(): number {
    return this.#failures.length;
  }

  /** Failures that count now. */
  recent(rules: RestartSpec, nowMs: number): number {
    return recentFailures(this.#failures, rules.failureWindowMs, nowMs).length;
  }

  /** Every end is noted, asked for or not. */
  note(exit: ExitReason, atMs: number): void {
    this.#last = { exit, atMs };
  }

  /** What follows; a failure is remembered for the next time. */
  decide(rules: RestartSpec, exit: UnaskedExit): RestartDecision {
    const decision = decideRestart(rules, { ...exit, failures: this.#failures, limitOpen: this.#limitOpen });
    if ("failures" in decision) this.#failures = decision.failures;
    return decision;
  }

  /** True when that is news. */
  openLimit(): boolean {
    if (this.#limitOpen) return false;
    this.#limitOpen = true;
    return true;
  }

  /** Closes an open limit and forgets what opened it; true when that is news. */
  closeLimit(): boolean {
    if (!this.#limitOpen) return false;
    this.#limitOpen = false;
    this.#failures = [];
    return true;
  }

  /** It begins anew, but for the limit. */
  forgetFailures(): void {
    this.#failures = [];
  }
}
