import type { Clock } from "./host.ts";
import { type DocumentEar, documentOf, maxDocumentBytes } from "./source-program-document.ts";

/** Two of the largest documents within a second are a flood. */
const maxBytesPerSecond = 2 * maxDocumentBytes;

const newline = 10;

/** Makes documents of what a program in push mode prints: each line is one, and of several at once only the newest counts. */
export class DocumentLines {
  readonly #ear: DocumentEar;
  readonly #clock: Clock;
  readonly #condemn: (why: string) => void;
  /** The unfinished line. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #secondEndMs = Number.NEGATIVE_INFINITY;
  #bytesThisSecond = 0;

  /** `condemn` hears why the program must end: its output has no bounds. */
  constructor(ear: DocumentEar, clock: Clock, condemn: (why: string) => void) {
    this.#ear = ear;
    this.#clock = clock;
    this.#condemn = condemn;
  }

  /** Whether there is a line without its end, which is no document. */
  get hasRest(): boolean {
    return this.#restBytes > 0;
  }

  hear(chunk: Uint8Array): void {
    if (this.#isFlood(chunk.length)) this.#condemn("it printed more than 32 MiB within a second and was killed");
    const end = chunk.lastIndexOf(newline);
    if (end !== -1) {
      this.#take(documentOf([...this.#rest, chunk.subarray(0, end)]));
      this.#rest = [];
      this.#restBytes = 0;
    }
    const rest = chunk.subarray(end + 1);
    this.#restBytes += rest.length;
    if (this.#restBytes > maxDocumentBytes) this.#condemn("it printed a line of more than 16 MiB and was killed");
    else if (rest.length > 0) this.#rest.push(rest);
  }

  #take(lines: string | null): void {
    if (lines === null) {
      this.#ear.failed("it printed what is no UTF-8 text");
      return;
    }
    // An empty line is a sign of life, no document.
    const newest = lines.split("\n").findLast((line) => line.trim() !== "");
    if (newest !== undefined) this.#ear.heard(newest);
  }

  #isFlood(bytes: number): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#secondEndMs) {
      this.#secondEndMs = nowMs + 1_000;
      this.#bytesThisSecond = 0;
    }
    this.#bytesThisSecond += bytes;
    return this.#bytesThisSecond > maxBytesPerSecond;
  }
}
