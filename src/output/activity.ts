/**
 * When one process last wrote anything, in a slot of a table that both threads see. The slot holds +Infinity while pm itself does
 * not read what the process writes: whoever waits for its output must not hold that against it.
 */
export class Activity {
  readonly #table: Float64Array;
  readonly #slot: number;
  readonly #nowMs: () => number;
  #heldUp = 0;

  /** A slot of -1 is none: then nothing is noted. */
  constructor(table: Float64Array, slot: number, nowMs: () => number) {
    this.#table = table;
    this.#slot = slot;
    this.#nowMs = nowMs;
  }

  /** The process has written. */
  heard(): void {
    if (this.#heldUp === 0) this.#note(this.#nowMs());
  }

  /** One more of its descriptors is not read for now. */
  holdUp(): void {
    this.#heldUp += 1;
    this.#note(Number.POSITIVE_INFINITY);
  }

  /** One of these is read again, or never again. */
  release(): void {
    this.#heldUp -= 1;
    this.heard();
  }

  #note(timeMs: number): void {
    if (this.#slot >= 0) this.#table[this.#slot] = timeMs;
  }
}
