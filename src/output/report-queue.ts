import type { OutputBatch, OutputReport } from "./messages.ts";

/** Long enough to be worth a turn of the event loop, short enough for a probe to wait for. */
const sliceMs = 4;

/**
 * What the output thread reports, handed on in slices: between two of them signals, deaths of processes and probes have their
 * turn, however much the workers say.
 */
export class ReportQueue {
  readonly #handle: (report: OutputReport) => void;
  readonly #handled: (bytes: number) => void;
  readonly #batches: OutputBatch[] = [];
  #next = 0;
  #scheduled = false;

  /** `handle` takes each report, in order; `handled` hears the size of each batch once all of it has been taken. */
  constructor(handle: (report: OutputReport) => void, handled: (bytes: number) => void) {
    this.#handle = handle;
    this.#handled = handled;
  }

  push(batch: OutputBatch): void {
    this.#batches.push(batch);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#batches.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#slice());
  }

  #slice(): void {
    this.#scheduled = false;
    const endMs = performance.now() + sliceMs;
    try {
      for (let [batch] = this.#batches; batch !== undefined && performance.now() < endMs; [batch] = this.#batches) {
        this.#take(batch, endMs);
      }
    } finally {
      this.#schedule();
    }
  }

  #take(batch: OutputBatch, endMs: number): void {
    for (let report = batch.reports[this.#next]; report !== undefined; report = batch.reports[this.#next]) {
      this.#next += 1;
      this.#handle(report);
      if (performance.now() >= endMs) break;
    }
    if (this.#next < batch.reports.length) return;
    this.#batches.shift();
    this.#next = 0;
    this.#handled(batch.bytes);
  }
}
