import { closeFd } from "./libc.ts";
import { PipeWriter } from "./pipe-writer.ts";

/** So much is handed over before the turn has ended, so that a burst needs little memory. */
const maxGatheredLength = 8192;

/**
 * A PipeWriter, owning its descriptor, for what is in no hurry within one turn of the event loop: the texts of a turn are handed over in one
 * write when it ends, since each write wakes somebody up, which costs more than all the rest of it.
 */
export class TurnWriter {
  readonly #fd: number;
  readonly #pipe: PipeWriter;
  readonly #handedOver: (dropped: number) => void;
  #texts: string[] = [];
  #length = 0;
  #closed = false;

  /**
   * `handedOver` is called after each write with how many texts were dropped, because more than `maxWaitingBytes` wait already or nobody
   * reads any more.
   */
  constructor(fd: number, maxWaitingBytes: number, handedOver: (dropped: number) => void = () => {}) {
    this.#fd = fd;
    this.#pipe = new PipeWriter(fd, maxWaitingBytes);
    this.#handedOver = handedOver;
  }

  /** Nothing is written once it is closed. */
  write(text: string): void {
    if (this.#closed) return;
    if (this.#texts.push(text) === 1) queueMicrotask(() => this.#handOver());
    this.#length += text.length;
    if (this.#length > maxGatheredLength) this.#handOver();
  }

  /** Hands over what there is now, and tries again what waits; true when nothing waits any more. */
  flush(): boolean {
    this.#handOver();
    return this.#pipe.flush();
  }

  /** True when nothing waits for room in the pipe. */
  get idle(): boolean {
    return this.#pipe.idle;
  }

  /** Hands over what there is; what finds no room is lost. */
  close(): void {
    this.#handOver();
    this.#closed = true;
    closeFd(this.#fd);
  }

  #handOver(): void {
    const texts = this.#texts;
    if (texts.length === 0) return;
    this.#texts = [];
    this.#length = 0;
    this.#handedOver(this.#pipe.write(texts.join("")) ? 0 : texts.length);
  }
}
