import { constants, fstatSync, ftruncateSync, openSync, readSync, write } from "node:fs";
import { promisify } from "node:util";
import { MapAnswers } from "./map-answers.ts";
import { codeOf } from "./map-input.ts";

/** So much may wait for a slow reader. */
const maxWaitingBytes = 1024 * 1024;
const againMs = 10;
const LF = 10;

const writeSome = promisify(write);

/** Where whole lines go, without blocking; what waits is bounded by whoever looks at `full`. */
export class MapOutput {
  readonly #fd: number;
  /** Of a file of our own, which ends behind a whole line whatever happens; null for stdout. */
  #cleanBytes: number | null;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #waitingLines = 0;
  #writing: Promise<void> | null = null;
  /** Written, with those that were there already. */
  lines: number;
  /** Why nothing more can be written. */
  failure: string | null = null;
  /** Some of what waited has been written, or it failed. */
  onChange: () => void = () => {};

  /** `cleanBytes` is the length of a file of our own that is to be kept, null for what is not ours. */
  constructor(fd: number, lines: number, cleanBytes: number | null) {
    this.#fd = fd;
    this.lines = lines;
    this.#cleanBytes = cleanBytes;
  }

  /** No more should be put in before `onChange`. */
  get full(): boolean {
    return this.#waitingBytes >= maxWaitingBytes;
  }

  /** What is in the file beyond what is to be kept goes. */
  begin(): void {
    if (this.#cleanBytes === null) return;
    try {
      ftruncateSync(this.#fd, this.#cleanBytes);
    } catch (error) {
      this.#fail(codeOf(error));
    }
  }

  /** Whole lines; the bytes are copied. */
  put(bytes: Buffer, lines: number): void {
    if (this.failure !== null || bytes.length === 0) return;
    this.#waiting.push(Buffer.from(bytes));
    this.#waitingBytes += bytes.length;
    this.#waitingLines += lines;
    this.#writing ??= this.#writeAll();
  }

  /** Settles when all has been written, or cannot be. */
  async finish(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waitingBytes > 0 && this.failure === null) {
      const bytes = Buffer.concat(this.#waiting);
      const lines = this.#waitingLines;
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#waitingLines = 0;
      await this.#write(bytes, lines);
      this.onChange();
    }
    this.#writing = null;
  }

  async #write(bytes: Buffer, lines: number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      try {
        const position = this.#cleanBytes === null ? null : this.#cleanBytes + at;
        at += (await writeSome(this.#fd, bytes, at, bytes.length - at, position)).bytesWritten;
      } catch (error) {
        const code = codeOf(error);
        if (code === "EAGAIN") await Bun.sleep(againMs);
        else {
          this.#fail(code);
          this.begin(); // half a line may have been written
          return;
        }
      }
    }
    this.lines += lines;
    if (this.#cleanBytes !== null) this.#cleanBytes += bytes.length;
  }

  #fail(code: string): void {
    if (this.failure !== null) return;
    this.failure = code;
    this.onChange();
  }
}

/** What is in the output of an earlier run. */
export interface EarlierOutput {
  readonly lines: number;
  readonly failed: number;
  /** Of its whole lines. */
  readonly bytes: number;
}

/** A file that was opened, or a device or pipe by its name, of which nothing can be kept or cut. */
export interface OpenedOutput {
  readonly fd: number;
  readonly isFile: boolean;
}

/** Opens it without changing what is in it; a text says why it cannot be. */
export function openOutput(path: string): OpenedOutput | string {
  try {
    // Not for appending, which would ignore positions.
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
    return { fd, isFile: fstatSync(fd).isFile() };
  } catch (error) {
    return codeOf(error);
  }
}

/** Counts what an earlier run has written; null when its lines are none of `pm map`. */
export function readEarlier(fd: number, results: boolean): EarlierOutput | null {
  const answers = new MapAnswers(0, false, () => false);
  const buffer = Buffer.allocUnsafe(256 * 1024);
  let lines = 0;
  let bytes = 0;
  for (let at = 0; ;) {
    const length = readSync(fd, buffer, 0, buffer.length, at);
    if (length === 0) break;
    const chunk = buffer.subarray(0, length);
    if (results) for (let found = chunk.indexOf(LF); found !== -1; found = chunk.indexOf(LF, found + 1)) lines++;
    else if (answers.push(chunk).stop !== null) return null;
    const last = chunk.lastIndexOf(LF);
    if (last !== -1) bytes = at + last + 1;
    at += length;
  }
  return { lines: results ? lines : answers.lines, failed: answers.failed, bytes };
}
