import { CR, LF } from "./ascii.ts";

/**
 * Takes one line: the bytes [start, end) of `bytes`, without the newline, and how many bytes were cut off behind them. The
 * memory is only lent for the call.
 */
export type OnLine = (bytes: Buffer, start: number, end: number, droppedBytes: number) => void;

/** Takes lines off the front of [start, end), which ends behind a newline, as many as it likes, and returns where the next one begins. */
export type TakeLines = (bytes: Buffer, start: number, end: number) => number;

/** Makes lines of the chunks of one stream. Holds nothing but the line that is not finished, `maxLineBytes` of it at most. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  readonly #allocate: (bytes: number) => Buffer;
  #carry: Buffer | null = null;
  #carriedBytes = 0;
  #droppedBytes = 0;
  /** The beginning of the line under way has been given out by `flush`. */
  #isFlushed = false;

  /** At least one byte a line. `allocate` gives a buffer of so many bytes with any content; it is not called for lines that lie inside a chunk. */
  constructor(maxLineBytes: number, allocate: (bytes: number) => Buffer) {
    this.#maxLineBytes = maxLineBytes;
    this.#allocate = allocate;
  }

  /** Whether there is an unfinished line that `flush` would give out. */
  get hasRest(): boolean {
    return this.#droppedBytes > 0 || !this.#isBlank();
  }

  /**
   * Gives out each line that the bytes [start, end) of `chunk` finish, and keeps the rest. `chunk` may be reused after. Of the lines that
   * lie in the chunk as a whole, of whatever length, `takeLines` is asked first.
   */
  push(chunk: Buffer, start: number, end: number, onLine: OnLine, takeLines: TakeLines | null = null): void {
    if (start >= end) return;
    // Found from behind first, so that no search runs on into what an earlier read left behind `end`.
    const last = chunk[end - 1] === LF ? end - 1 : chunk.lastIndexOf(LF, end - 1);
    let from = start;
    if (last >= start && (this.#carriedBytes > 0 || this.#droppedBytes > 0 || this.#isFlushed)) {
      const newline = chunk.indexOf(LF, from);
      this.#keep(chunk, from, newline);
      if (!this.#isFlushed || this.hasRest) this.#giveOut(onLine);
      this.#forget();
      this.#isFlushed = false;
      from = newline + 1;
    }
    while (from <= last) {
      if (takeLines !== null) from = takeLines(chunk, from, last + 1);
      if (from > last) break;
      const newline = chunk.indexOf(LF, from);
      const excess = newline - from - this.#maxLineBytes;
      if (excess > 0) onLine(chunk, from, newline - excess, excess);
      else onLine(chunk, from, newline, 0);
      from = newline + 1;
    }
    this.#keep(chunk, from, end);
  }

  /**
   * Gives out the unfinished line, unless there is nothing in it but carriage returns. What still comes of it counts as
   * another line, but for a bare newline, which belongs to what was given out.
   */
  flush(onLine: OnLine): void {
    if (!this.hasRest) return;
    this.#giveOut(onLine);
    this.#isFlushed = true;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const kept = Math.min(end - start, this.#maxLineBytes - this.#carriedBytes);
    this.#droppedBytes += end - start - kept;
    if (kept === 0) return;
    const carriedBytes = this.#carriedBytes + kept;
    if (this.#carry === null || this.#carry.length < carriedBytes) this.#grow(carriedBytes);
    chunk.copy(this.#carry!, this.#carriedBytes, start, start + kept);
    this.#carriedBytes = carriedBytes;
  }

  /** Doubles, so that a line in many pieces is copied a fixed number of times in all. */
  #grow(leastBytes: number): void {
    const old = this.#carry;
    const doubled = Math.max(leastBytes, 2 * (old?.length ?? 0));
    this.#carry = this.#allocate(Math.min(this.#maxLineBytes, doubled));
    old?.copy(this.#carry, 0, 0, this.#carriedBytes);
  }

  /** Is itself again before it calls, since the callback may come back here. */
  #giveOut(onLine: OnLine): void {
    const carry = this.#carry;
    const carriedBytes = this.#carriedBytes;
    const droppedBytes = this.#droppedBytes;
    this.#forget();
    if (carry !== null) onLine(carry, 0, carriedBytes, droppedBytes);
  }

  #forget(): void {
    this.#carry = null;
    this.#carriedBytes = 0;
    this.#droppedBytes = 0;
  }

  #isBlank(): boolean {
    for (let i = 0; i < this.#carriedBytes; i++) if (this.#carry![i] !== CR) return false;
    return true;
  }
}
