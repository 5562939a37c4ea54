import type { LogLine, LogQuery } from "../core/farm/log-lines.ts";
import type { ChunkMeta } from "../core/output/recent-chunks.ts";
import { streamOf } from "../core/output/recent-lines.ts";

/** What may wait for a follower before whole lines are lost, and what it is given at once, so that the main thread has its turns in between. */
const maxWaitingBytes = 1024 * 1024;
const maxPieceBytes = 256 * 1024;
/** What is looked at for one follower in a window of time: to read a level takes as long as all else that is done with a line. */
const windowMs = 100;
const maxLookedBytes = 4 * 1024 * 1024;
/** What a line takes beside its text. */
const perLineBytes = 128;

/** What a line weighs against the bounds. */
export function sizeOf({ text }: LogLine): number {
  return text.length + perLineBytes;
}

/** Lines on their way to one who follows: bounded, one piece at a time, and lost as a whole when it does not keep up. */
export class Follower {
  readonly query: LogQuery;
  #lines: LogLine[] = [];
  #bytes = 0;
  /** Behind the lines that wait. */
  #lost = 0;
  #isBusy = true;
  #window = 0;
  #lookedBytes = 0;

  /** It is busy with the recent lines at first. */
  constructor(query: LogQuery) {
    this.query = query;
  }

  /**
   * Whether a line of so many bytes is to be looked at. One of the wanted stream that is not counts as lost, whatever its level: nothing
   * has room while much waits, and no more is looked at than takes little of the thread's time.
   */
  hasRoomFor(of: ChunkMeta, bytes: number): boolean {
    if ((this.query.stream ?? streamOf(of)) !== streamOf(of)) return false;
    const window = Math.floor(of.atEpochMs / windowMs);
    if (window !== this.#window) this.#lookedBytes = 0;
    this.#window = window;
    // Once something is lost all is, until what waits has gone: one gap rather than many.
    const isRefused = this.#lost > 0 || this.#bytes >= maxWaitingBytes || this.#lookedBytes >= maxLookedBytes;
    if (isRefused) this.#lost += 1;
    else this.#lookedBytes += bytes + perLineBytes;
    return !isRefused;
  }

  add(line: LogLine): void {
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
  }

  /** It has taken the last piece. */
  heard(): void {
    this.#isBusy = false;
  }

  /** The next piece, if there is one and it is ready for it, or `isEnd`. */
  take(isEnd: boolean): { readonly lines: readonly LogLine[]; readonly lost: number } | null {
    if ((this.#isBusy && !isEnd) || (this.#lines.length === 0 && this.#lost === 0)) return null;
    this.#isBusy = true;
    let count = 0;
    for (let bytes = 0; count < this.#lines.length && bytes < maxPieceBytes; count++)
      bytes += sizeOf(this.#lines[count]!);
    const lines = this.#lines.slice(0, count);
    this.#lines = this.#lines.slice(count);
    this.#bytes = this.#lines.reduce((sum, line) => sum + sizeOf(line), 0);
    const lost = this.#lines.length === 0 ? this.#lost : 0;
    if (lost > 0) this.#lost = 0;
    return { lines, lost };
  }
}
