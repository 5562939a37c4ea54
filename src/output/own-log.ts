import type { LineSplitter, OnLine } from "../core/output/line-splitter.ts";
import type { Sink } from "./sink.ts";

const newline = Buffer.from("\n");

/** pm's own log: whole records in, to stderr as they are. */
export class OwnLog {
  readonly #splitter: LineSplitter;
  readonly #sink: Sink;
  readonly #nowMs: () => number;
  readonly #lost: (records: number) => void;
  #lostRecords = 0;
  readonly #onLine: OnLine = (chunk, start, end) => this.#line(chunk, start, end);

  /** `lost` hears how many records a failing sink has lost, once it works again. */
  constructor(splitter: LineSplitter, sink: Sink, nowMs: () => number, lost: (records: number) => void) {
    this.#splitter = splitter;
    this.#sink = sink;
    this.#nowMs = nowMs;
    this.#lost = lost;
  }

  push(chunk: Buffer, size: number): void {
    this.#splitter.push(chunk, 0, size, this.#onLine);
  }

  #line(chunk: Buffer, start: number, end: number): void {
    if (!this.#write(chunk, start, end)) {
      this.#lostRecords += 1;
      return;
    }
    if (this.#lostRecords > 0) this.#lost(this.#lostRecords);
    this.#lostRecords = 0;
  }

  #write(chunk: Buffer, start: number, end: number): boolean {
    if (this.#sink.refuses(this.#nowMs)) return false;
    this.#sink.copy(chunk, start, end);
    this.#sink.copy(newline, 0, 1);
    return this.#sink.added(this.#nowMs);
  }
}
