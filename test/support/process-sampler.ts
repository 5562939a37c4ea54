import { childrenOf, guardianOf } from "./proc.ts";

/** How often the process table is looked at, in milliseconds. */
const everyMs = 10;

/** Counts the live worker processes of a running pm again and again, as the process table has them: its children but for its guardian. */
export class ProcessSampler implements Disposable {
  /** The counts, oldest first. */
  readonly counts: number[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pm: number) {
    const guardian = guardianOf(pm);
    this.#timer = setInterval(() => {
      this.counts.push(childrenOf(pm).filter((pid) => pid !== guardian).length);
    }, everyMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
