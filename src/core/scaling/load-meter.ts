/** What a consumer did in one interval. */
export interface Measured {
  /** Mean of busy slots over the interval, in workers. */
  readonly busy: number;
  /** Messages handled or failed. */
  readonly messages: number;
  /** Mean seconds of those whose duration is known; null when there are none. */
  readonly serviceSeconds: number | null;
}

/**
 * Integrates the busy time of a consumer, so that its mean is exact whenever it is asked for: looking now and then at who is busy
 * just then would make noise of a steady load.
 */
export class LoadMeter {
  #busy = 0;
  #area = 0;
  #sinceMs: number;
  #changedMs: number;
  #messages = 0;
  #messagesTotal = 0;
  #timed = 0;
  #seconds = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
    this.#changedMs = nowMs;
  }

  /** A worker has become busier, or less so, by a share of its slots. */
  shift(share: number, nowMs: number): void {
    this.#area += this.#busy * (nowMs - this.#changedMs);
    this.#changedMs = nowMs;
    this.#busy += share;
  }

  /** A message is over. */
  message(durationSeconds: number | null): void {
    this.#messages += 1;
    this.#messagesTotal += 1;
    if (durationSeconds === null) return;
    this.#timed += 1;
    this.#seconds += durationSeconds;
  }

  /** Messages since it was made. */
  get messagesTotal(): number {
    return this.#messagesTotal;
  }

  /** What was measured since the last time, and begins anew. */
  take(nowMs: number): Measured {
    this.shift(0, nowMs);
    const intervalMs = nowMs - this.#sinceMs;
    const measured = {
      // Sums of shares that come and go leave dust behind.
      busy: Math.max(0, intervalMs > 0 ? this.#area / intervalMs : this.#busy),
      messages: this.#messages,
      serviceSeconds: this.#timed === 0 ? null : this.#seconds / this.#timed,
    };
    this.#area = 0;
    this.#sinceMs = nowMs;
    this.#messages = 0;
    this.#timed = 0;
    this.#seconds = 0;
    return measured;
  }
}
