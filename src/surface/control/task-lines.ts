import { utf8 } from "./bounded-body.ts";

/** Why a line cannot be read. */
export interface LostLine {
  readonly code: "too_large" | "bad_request";
  readonly message: string;
}

/** Bytes that become text at a time: whole lines, as many as fit. */
const portionBytes = 128 * 1024;
const LF = 10;
const empty = Buffer.alloc(0);

/**
 * Makes lines of the bytes of a stream, and only when they are asked for. It holds one chunk and the line that is not finished; of one that
 * is longer than `mostBytes` nothing is kept.
 */
export class TaskLines {
  readonly #mostBytes: number;
  readonly #tooLong: LostLine;
  /** Whole lines, each with its newline. */
  #text = "";
  #at = 0;
  /** What is not text yet. */
  #chunk: Buffer = empty;
  /** The line that is not finished. */
  #carried: Buffer[] = [];
  #carriedBytes = 0;
  #skipping = false;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
    this.#tooLong = { code: "too_large", message: `the line is longer than ${mostBytes} bytes` };
  }

  /** More bytes; only when `next` gave null. They must stay as they are. */
  push(chunk: Uint8Array): void {
    this.#chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }

  /** There are no more: the last line may lack its newline. Only when `next` gave null. */
  end(): void {
    if (this.#carriedBytes > 0 || this.#skipping) this.#chunk = Buffer.of(LF);
  }

  /** The next line without its newline, or why it cannot be had; null when more bytes are needed. */
  next(): string | LostLine | null {
    if (this.#at < this.#text.length) return this.#cut();
    const { length } = this.#chunk;
    if (length === 0) return null;
    // Text in portions, and found from behind, so that most lines cost no search among bytes.
    let end = this.#chunk.lastIndexOf(LF, Math.min(length, portionBytes) - 1) + 1;
    if (end === 0 || this.#carriedBytes > 0 || this.#skipping) end = this.#chunk.indexOf(LF) + 1;
    if (end === 0) {
      this.#carry(this.#take(length));
      return null;
    }
    const bytes = this.#whole(this.#take(end));
    if (bytes === null) return this.#tooLong;
    const text = utf8(bytes);
    if (text !== null) {
      this.#text = text;
      this.#at = 0;
      return this.#cut();
    }
    // One of these lines is at fault: the first is judged alone, the others come again.
    const first = bytes.indexOf(LF) + 1;
    if (first < bytes.length) this.#chunk = Buffer.concat([bytes.subarray(first), this.#chunk]);
    const line = utf8(bytes.subarray(0, first));
    return line === null ? noText : line.slice(0, -1);
  }

  #cut(): string | LostLine {
    const end = this.#text.indexOf("\n", this.#at);
    const line = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return line.length > this.#mostBytes ? this.#tooLong : line;
  }

  #take(end: number): Buffer {
    const taken = this.#chunk.subarray(0, end);
    this.#chunk = end === this.#chunk.length ? empty : this.#chunk.subarray(end);
    return taken;
  }

  #carry(bytes: Buffer): void {
    this.#carriedBytes += bytes.length;
    if (this.#carriedBytes > this.#mostBytes) {
      this.#skipping = true;
      this.#carried = [];
      this.#carriedBytes = 0;
    }
    if (!this.#skipping) this.#carried.push(Buffer.from(bytes)); // a copy: else a few bytes would hold on to the whole chunk
    else this.#carriedBytes = 0;
  }

  /** With what was carried before it; null for a line that is too long. */
  #whole(bytes: Buffer): Buffer | null {
    if (this.#skipping) {
      this.#skipping = false;
      return null;
    }
    if (this.#carriedBytes === 0) return bytes;
    const whole = Buffer.concat([...this.#carried, bytes]);
    this.#carried = [];
    this.#carriedBytes = 0;
    return whole;
  }
}

const noText: LostLine = { code: "bad_request", message: "the line is not UTF-8 text" };
