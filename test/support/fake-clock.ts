import type { Cancel, Clock } from "../../src/runtime/host.ts";

/** Time that moves only when told to. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Map<symbol, { readonly atMs: number; readonly run: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    const key = Symbol("timer");
    this.#timers.set(key, { atMs: this.#nowMs + delayMs, run });
    return () => this.#timers.delete(key);
  }

  /** Moves time on, firing what falls due, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [due] = [...this.#timers].filter(([, { atMs }]) => atMs <= endMs).toSorted((a, b) => a[1].atMs - b[1].atMs);
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#nowMs = due[1].atMs;
      due[1].run();
    }
    this.#nowMs = endMs;
  }
}
