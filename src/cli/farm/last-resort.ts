import { exitCodes } from "../outcome.ts";
import { version } from "../version.ts";
import type { FarmParts } from "./parts.ts";

/** After a bug, how long beyond the usual the farm may take to stop. */
const bugGraceMs = 5_000;

/**
 * What happens after a bug of pm: it says so, stops the workers in order, and ends with the code that says it. Where not even that works,
 * pm ends without taking leave of its guardian, which then kills what is left.
 */
export class LastResort {
  readonly #parts: FarmParts;
  readonly #end: () => void;
  #buggy = false;
  #forsaken = false;

  /** `end` makes pm end now, whatever still runs. */
  constructor(parts: FarmParts, end: () => void) {
    this.#parts = parts;
    this.#end = end;
  }

  /** pm ends although workers may still be alive. */
  get forsaken(): boolean {
    return this.#forsaken;
  }

  /** Something was thrown that nobody expected. */
  bug(error: unknown): void {
    const { bus, supervisor, definitions } = this.#parts;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    bus.emit({
      type: "notice",
      level: "error",
      message: "Internal error: this is a bug of pm; please report it.",
      context: { error: text, version },
    });
    if (this.#buggy) {
      this.#forsake();
      return;
    }
    this.#buggy = true;
    const deadlinesMs = definitions.current.spec.consumers.map(({ stopTimeoutMs }) => stopTimeoutMs);
    if (!deadlinesMs.includes(0)) setTimeout(() => this.#forsake(), Math.max(0, ...deadlinesMs) + bugGraceMs);
    try {
      supervisor.shutdown("internal_error", exitCodes.bug, null);
    } catch {
      this.#forsake(); // what was said above is all there is to say
    }
  }

  #forsake(): void {
    this.#forsaken = true;
    this.#end();
  }
}
