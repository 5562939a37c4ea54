import { addressOf, closeFd, EAGAIN, ownBuffer, writeFrom } from "./libc.ts";

/** Where texts become bytes, for all senders: most are small, and gone before the next is written. */
const scratch = ownBuffer(65_536);
const scratchAt = addressOf(scratch);

/**
 * Writes texts of any length whole and in order to a pipe of its own that does not block, and never blocks itself: at once what the pipe
 * takes, the rest when its reader has made room. Texts of one turn of the event loop go out together.
 */
export class PipeSender {
  readonly #fd: number;
  readonly #broken: (code: string) => void;
  #texts: string[] = [];
  #due = false;
  /** What the pipe had no room for is on its way. */
  #isSendingRest = false;
  #ended = false;
  #isBroken = false;

  /** The descriptor is closed by `end`. `broken` is called once, when nobody will ever read again. */
  constructor(fd: number, broken: (code: string) => void) {
    this.#fd = fd;
    this.#broken = broken;
  }

  send(text: string): void {
    if (this.#ended || this.#isBroken) return;
    this.#texts.push(text);
    if (this.#due || this.#isSendingRest) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#flush();
    });
  }

  /** What has been sent still goes out; then the reader sees the end. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#due && !this.#isSendingRest) closeFd(this.#fd);
  }

  #flush(): void {
    const text = this.#texts.length === 1 ? (this.#texts[0] ?? "") : this.#texts.join("");
    this.#texts = [];
    if (text.length * 3 > scratch.length) {
      this.#sendRest(Buffer.from(text, "utf8"));
      return;
    }
    const size = scratch.write(text, 0);
    const written = writeFrom(this.#fd, scratchAt, size);
    if (written === size) this.#written();
    else if (written < 0 && written !== -EAGAIN) this.#fail("EPIPE");
    else this.#sendRest(Buffer.from(scratch.subarray(Math.max(0, written), size)));
  }

  #sendRest(bytes: Buffer): void {
    this.#isSendingRest = true;
    void this.#finishRest(bytes);
  }

  async #finishRest(bytes: Buffer): Promise<void> {
    const whole = await writeAll(this.#fd, bytes);
    this.#isSendingRest = false;
    if (whole) this.#written();
    else this.#fail("EPIPE");
  }

  #written(): void {
    if (this.#texts.length > 0) this.#flush();
    else if (this.#ended) closeFd(this.#fd);
  }

  #fail(code: string): void {
    this.#texts = [];
    this.#isBroken = true;
    if (this.#ended) closeFd(this.#fd);
    else this.#broken(code);
  }
}

/** False when nobody reads any more. Bun writes to a descriptor of its own, which must be closed as well. */
async function writeAll(fd: number, bytes: Buffer): Promise<boolean> {
  const sink = Bun.file(fd).writer();
  try {
    await sink.write(bytes);
    await sink.flush();
    return true;
  } catch {
    return false;
  } finally {
    await Promise.resolve(sink.end()).catch(() => {});
  }
}
