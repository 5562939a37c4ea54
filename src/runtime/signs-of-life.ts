import type { Child, Clock } from "./host.ts";

/** Whether a process that speaks to pm answers when it is asked. */
export class SignsOfLife {
  readonly #child: Child;
  readonly #clock: Clock;
  readonly #cannotAsk: () => void;
  #spoke = false;
  #lastPongEpochMs: number | null = null;
  #unansweredPingAtMs: number | null = null;
  #hasFailed = false;

  /** `cannotAsk` is called once at most: it has closed its end, or does not read. It owes an answer all the same. */
  constructor(child: Child, clock: Clock, cannotAsk: () => void) {
    this.#child = child;
    this.#clock = clock;
    this.#cannotAsk = cannotAsk;
  }

  /** It has ever said anything. */
  get spoke(): boolean {
    return this.#spoke;
  }

  get lastPongEpochMs(): number | null {
    return this.#lastPongEpochMs;
  }

  /** Since when it owes an answer, on the clock's scale; null when it does not. */
  get unansweredPingAtMs(): number | null {
    return this.#unansweredPingAtMs;
  }

  heard(): void {
    this.#spoke = true;
  }

  answered(): void {
    this.#unansweredPingAtMs = null;
    this.#lastPongEpochMs = this.#clock.epochMs();
  }

  /** One question at a time counts. */
  ask(): void {
    this.#unansweredPingAtMs ??= this.#clock.nowMs();
    if (this.#child.ping() || this.#hasFailed) return;
    this.#hasFailed = true;
    this.#cannotAsk();
  }
}
