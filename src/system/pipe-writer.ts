import { addressOf, EAGAIN, ownBuffer, writeFrom } from "./libc.ts";

/** Where texts become bytes. One for all writers: a write is over before the next begins, and a writer for each worker costs nothing. */
let scratch = ownBuffer(16_384);
let scratchAt = addressOf(scratch);

/**
 * Writes small texts whole and in order to a descriptor that does not block, and never blocks itself: what does not fit waits
 * here, bounded, and is tried again before the next text or when `flush` is called.
 */
export class PipeWriter {
  readonly #fd: number;
  readonly #maxWaitingBytes: number;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(fd: number, maxWaitingBytes: number) {
    this.#fd = fd;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** False when the text was dropped, because too much waits already or nobody reads any more. */
  write(text: string): boolean {
    const size = encode(text);
    if (this.#waitingBytes > 0 && !this.flush()) {
      if (this.#waitingBytes + size > this.#maxWaitingBytes) return false;
      this.#wait(0, size);
      return true;
    }
    const written = writeFrom(this.#fd, scratchAt, size);
    if (written < 0 && written !== -EAGAIN) return false;
    if (written < size) this.#wait(Math.max(0, written), size);
    return true;
  }

  /** Tries what waits; true when nothing waits any more. */
  flush(): boolean {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const written = writeFrom(this.#fd, addressOf(first), first.length);
      if (written < 0) return false;
      this.#waitingBytes -= written;
      if (written < first.length) {
        this.#waiting[0] = copyOf(first, written, first.length);
        return false;
      }
      this.#waiting.shift();
    }
    return true;
  }

  get idle(): boolean {
    return this.#waitingBytes === 0;
  }

  #wait(from: number, to: number): void {
    this.#waiting.push(copyOf(scratch, from, to));
    this.#waitingBytes += to - from;
  }
}

function encode(text: string): number {
  const mostBytes = text.length * 3;
  if (mostBytes > scratch.length) {
    scratch = ownBuffer(2 * mostBytes);
    scratchAt = addressOf(scratch);
  }
  return scratch.write(text, 0);
}

function copyOf(source: Buffer, from: number, to: number): Buffer {
  const copy = ownBuffer(to - from);
  source.copy(copy, 0, from, to);
  return copy;
}
