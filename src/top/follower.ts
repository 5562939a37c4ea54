import type { FarmLink } from "./link.ts";
import { type TailLine, tailLength, toTailLine } from "./tail.ts";

/** Reads the stream that is wanted, and keeps its newest lines until they are taken: a flood of lines costs no more than a few. */
export class Follower {
  readonly #link: FarmLink;
  readonly #heard: () => void;
  readonly #ended: () => void;
  #path: string | null = null;
  #lines: TailLine[] = [];
  #running: AbortController | null = null;

  /** `heard`: there are lines to take. `ended`: the stream is over, though it is still wanted. */
  constructor(link: FarmLink, heard: () => void, ended: () => void) {
    this.#link = link;
    this.#heard = heard;
    this.#ended = ended;
  }

  /** Turns to another stream, or to none; goes on with the one that is read already. */
  follow(path: string | null): void {
    if (path === this.#path) return;
    this.#running?.abort();
    this.#running = null;
    this.#path = path;
    this.#lines = [];
    this.revive();
  }

  /** Begins again where the stream has ended. True when it does. */
  revive(): boolean {
    if (this.#path === null || this.#running !== null) return false;
    this.#lines = [];
    void this.#run(this.#path);
    return true;
  }

  /** The lines since the last time, oldest first. */
  take(): readonly TailLine[] {
    return this.#lines.splice(0).slice(-tailLength);
  }

  async #run(path: string): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    await this.#link.lines(path, (document) => this.#hear(document, running), running.signal);
    if (this.#running !== running) return;
    this.#running = null;
    this.#ended();
  }

  #hear(document: unknown, from: AbortController): void {
    const line = this.#running === from ? toTailLine(document) : null;
    if (line === null) return;
    this.#lines.push(line);
    if (this.#lines.length > 4 * tailLength) this.#lines.splice(0, 3 * tailLength);
    this.#heard();
  }
}
