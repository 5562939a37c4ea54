/** Wake-ups that follow each other faster than this, in the mean of the last few, are a flood. */
const floodMs = 0.2;
/** Longer gaps say no more than this one. */
const longGapMs = 1;
/** Sources that give more than this at a read are ahead of us, for a pipe holds 64 KiB: there is nothing to wait for. */
const aheadBytes = 48 * 1024;
/** A pipe whose worker does nothing but write takes about as long to fill, with what the kernel adds. */
const restUs = 100;

/**
 * How long to rest between turns. In a flood that is kept up with, each wake-up finds a few lines and costs as much as many do, and takes
 * the processor from who writes; a short rest lets lines gather. Lines of a farm that is not flooded never wait.
 */
export class Pace {
  #bytes = 0;
  #reads = 0;
  #sinceMs = 0;
  #meanGapMs = longGapMs;

  /** So much has come of one source in this turn. */
  heard(bytes: number): void {
    this.#bytes += bytes;
    this.#reads += 1;
  }

  /** The turn ends: how many microseconds to rest. */
  restUs(nowMs: number): number {
    this.#meanGapMs += (Math.min(nowMs - this.#sinceMs, longGapMs) - this.#meanGapMs) / 4;
    const rests = this.#meanGapMs < floodMs && this.#bytes < this.#reads * aheadBytes;
    this.#bytes = 0;
    this.#reads = 0;
    return rests ? restUs : 0;
  }

  /** The next turn begins; what was rested is part of no gap. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
  }
}
