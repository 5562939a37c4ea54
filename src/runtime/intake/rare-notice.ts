import type { Cancel, Clock } from "../host.ts";

const quietMs = 10_000;

/** Tells of the first of many at once, and of those that follow within ten seconds by their number, so that a broken queue floods no log. */
export class RareNotice<Fact> {
  readonly #clock: Clock;
  readonly #tell: (fact: Fact, more: number) => void;
  #last: Fact | null = null;
  #more = 0;
  #cancel: Cancel | null = null;

  /** `more` is how many others like it have gone untold. */
  constructor(clock: Clock, tell: (fact: Fact, more: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  happened(fact: Fact): void {
    if (this.#cancel === null) {
      this.#tell(fact, 0);
      this.#cancel = this.#clock.after(quietMs, () => this.end());
      return;
    }
    this.#last = fact;
    this.#more++;
  }

  /** Tells what is left to tell. */
  end(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#last !== null) this.#tell(this.#last, this.#more - 1);
    this.#last = null;
    this.#more = 0;
  }
}
