import type { OutputBatch, OutputReport } from "./messages.ts";

/** Reports the main thread may be behind before workers that send frames are no longer read. */
const maxBehindBytes = 4 * 1024 * 1024;
/** What a report takes beside its text. */
const perReportBytes = 64;

/** What the output thread tells the main thread: gathered for one turn of the loop, and weighed against what has been handled. */
export class Reports {
  readonly #post: (batch: OutputBatch) => void;
  readonly #consumed: Float64Array;
  #gathered: OutputReport[] = [];
  #gatheredBytes = 0;
  #postedBytes = 0;

  /** `consumed` is one number, which the main thread raises by the bytes of each batch that it has handled. */
  constructor(post: (batch: OutputBatch) => void, consumed: Float64Array) {
    this.#post = post;
    this.#consumed = consumed;
  }

  add(report: OutputReport, textBytes: number): void {
    this.#gathered.push(report);
    this.#gatheredBytes += textBytes + perReportBytes;
  }

  /** The main thread has so much to do that whoever makes more work for it must wait. */
  get behind(): boolean {
    return this.#postedBytes + this.#gatheredBytes - (this.#consumed[0] ?? 0) > maxBehindBytes;
  }

  /** Hands over what has been gathered. */
  post(): void {
    if (this.#gathered.length === 0) return;
    this.#postedBytes += this.#gatheredBytes;
    this.#post({ reports: this.#gathered, bytes: this.#gatheredBytes });
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }
}
