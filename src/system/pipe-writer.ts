import { addressOf, EAGAIN, ownBuffer, writeFrom } from "./libc.ts";

/**
 * Writes small texts whole and in order to a descriptor that does not block, and never blocks itself: what does not fit waits
 * here, bounded, and is tried again before the next text or when `flush` is called.
 */
export class PipeWriter {
  readonly #fd: number;
  readonly #maxWaitingBytes: number;
  #buffer = ownBuffer(4096);
  #address = addressOf(this.#buffer);
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(fd: number, maxWaitingBytes: number) {
    this.#fd = fd;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** False when the text was dropped, because too much waits already or nobody reads any more. */
  write(text: string): boolean {
    if (this.#waitingBytes > 0 && !this.flush() && this.#waitingBytes > this.#maxWaitingBytes) return false;
    const size = Buffer.byteLength(text);
    if (size > this.#buffer.length) this.#grow(size);
    this.#buffer.write(text, 0);
    if (this.#waitingBytes > 0) return this.#wait(0, size);
    const written = writeFrom(this.#fd, this.#address, size);
    if (written === size) return true;
    if (written < 0 && written !== -EAGAIN) return false;
    return this.#wait(Math.max(0, written), size);
  }

  /** Tries what waits; true when nothing waits any more. */
  flush(): boolean {
    while (this.#waiting[0] !== undefined) {
      const first = this.#waiting[0];
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

  #wait(from: number, to: number): boolean {
    this.#waiting.push(copyOf(this.#buffer, from, to));
    this.#waitingBytes += to - from;
    return true;
  }

  #grow(size: number): void {
    this.#buffer = ownBuffer(size * 2);
    this.#address = addressOf(this.#buffer);
  }
}

function copyOf(source: Buffer, from: number, to: number): Buffer {
  const copy = ownBuffer(to - from);
  source.copy(copy, 0, from, to);
  return copy;
}
