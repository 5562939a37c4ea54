import { failed, type Failure } from "./queue.ts";

/** Asks questions that may hang or reject, and answers all of them in time and with values. */
export class Deadlines {
  readonly #timeoutMs: number;
  readonly #explain: (error: unknown) => string;
  readonly #running = new Set<AbortController>();
  #closed = false;

  /** `explain` words what a question rejects with. */
  constructor(timeoutMs: number, explain: (error: unknown) => string) {
    this.#timeoutMs = timeoutMs;
    this.#explain = explain;
  }

  /** The answer, or a failure when it takes longer than the limit; then `signal` aborts and what comes later is nobody's. */
  async ask<Answer>(question: (signal: AbortSignal) => Promise<Answer | Failure>): Promise<Answer | Failure> {
    if (this.#closed) return failed("it is closed");
    const controller = new AbortController();
    this.#running.add(controller);
    // Before the question hears of the end, so that its complaint about it comes second.
    const ended = new Promise<Failure>((resolve) => {
      controller.signal.addEventListener("abort", () => {
        resolve(failed(this.#closed ? "it is closed" : `no answer within ${this.#timeoutMs} ms`));
      });
    });
    const timer = setTimeout(() => controller.abort(), this.#timeoutMs);
    try {
      return await Promise.race([ended, question(controller.signal)]);
    } catch (error) {
      return failed(this.#explain(error));
    } finally {
      clearTimeout(timer);
      this.#running.delete(controller);
    }
  }

  /** Ends what is under way, and answers nothing more. */
  close(): void {
    this.#closed = true;
    for (const controller of this.#running) controller.abort();
  }
}
