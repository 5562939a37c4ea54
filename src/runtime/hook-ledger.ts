import type { HookSpec } from "../core/farm/spec.ts";
import { admit, type HookHistory, noHistory } from "../core/hooks/hook-limit.ts";

/** A hook that fails is told of this often at most. */
const tellEveryMs = 60_000;

/**
 * What is remembered of every hook: how often it ran, what it was not told of, when its failure was last reported. Hooks are known by
 * what they say, so that a reload that leaves one as it was does not reset its limit.
 */
export class HookLedger {
  /** By consumer, then by hook. */
  readonly #histories = new Map<string | null, Map<string, HookHistory>>();
  readonly #toldAtMs = new Map<string, number>();

  /** Whether it may run now: then with the number of events left out before, else null, and this event is counted as left out. */
  admit(hook: HookSpec, consumer: string | null, nowMs: number): number | null {
    const before = this.#historyOf(hook, consumer);
    const { runs, history } = admit(hook.limit, before, nowMs);
    this.#remember(hook, consumer, history);
    return runs ? before.suppressed : null;
  }

  /** So many events did not reach it after all. */
  missed(hook: HookSpec, consumer: string | null, events: number): void {
    const { runsAtMs, suppressed } = this.#historyOf(hook, consumer);
    this.#remember(hook, consumer, { runsAtMs, suppressed: suppressed + events });
  }

  /** Whether its failure is to be reported, which it then is. */
  isWorthTelling(hook: HookSpec, nowMs: number): boolean {
    for (const [key, atMs] of this.#toldAtMs) if (nowMs - atMs >= tellEveryMs) this.#toldAtMs.delete(key);
    const key = JSON.stringify(hook);
    if (this.#toldAtMs.has(key)) return false;
    this.#toldAtMs.set(key, nowMs);
    return true;
  }

  /** The consumer is no more. */
  forget(consumer: string): void {
    this.#histories.delete(consumer);
  }

  #historyOf(hook: HookSpec, consumer: string | null): HookHistory {
    return this.#histories.get(consumer)?.get(JSON.stringify(hook)) ?? noHistory;
  }

  #remember(hook: HookSpec, consumer: string | null, history: HookHistory): void {
    const ofConsumer = this.#histories.get(consumer) ?? new Map<string, HookHistory>();
    this.#histories.set(consumer, ofConsumer.set(JSON.stringify(hook), history));
  }
}
