import type { LoadMeter } from "../core/scaling/load-meter.ts";

/** What one process adds to the load of its consumer. */
export class LoadShare {
  readonly #meter: LoadMeter;
  /** The busy share the meter knows of. */
  #told = 0;
  /** Whether its load counts as its consumer's: a worker that is to go is no capacity, so what it does is no load. */
  isCounted = true;

  constructor(meter: LoadMeter) {
    this.#meter = meter;
  }

  /** So much of it is busy now, of 1. */
  tell(busy: number, nowMs: number): void {
    const share = this.isCounted ? busy : 0;
    if (share === this.#told) return;
    this.#meter.shift(share - this.#told, nowMs);
    this.#told = share;
  }
}
