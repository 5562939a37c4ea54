import { maxHeaderBytes } from "../../protocol/fastcgi-answer.ts";
import type { FastcgiFact } from "../../protocol/fastcgi-reader.ts";
import { fastcgiExcerpts, judgeFastcgi } from "../../protocol/fastcgi-verdict.ts";
import type { LaneAnswer } from "./lane.ts";

const maxStderrBytes = 65_536;

/** What was asked of a lane. */
export interface TaskOrder {
  readonly id: number;
  readonly payload: string;
  /** On the clock's scale. */
  readonly deadlineMs: number;
}

/** A request that a FastCGI server has got, and what it has said of it so far, in bounded memory. */
export class FastcgiTask {
  readonly order: TaskOrder;
  /** When it was handed over, on the clock's scale. */
  readonly sinceMs: number;
  isAborted = false;
  readonly #longParam: string | null;
  readonly #maxBytes: number;
  readonly #stdout: Uint8Array[] = [];
  #stdoutBytes = 0;
  readonly #stderr: Uint8Array[] = [];
  #stderrBytes = 0;
  #end: Extract<FastcgiFact, { type: "end" }> | null = null;

  constructor(order: TaskOrder, longParam: string | null, maxBytes: number, sinceMs: number) {
    this.order = order;
    this.sinceMs = sinceMs;
    this.#longParam = longParam;
    this.#maxBytes = maxBytes;
  }

  /** Keeps what was said; a phrase where it comes after the end. */
  take(fact: Exclude<FastcgiFact, { type: "broken" }>): string | null {
    if (this.#end !== null) return "more than one answer";
    if (fact.type === "end") this.#end = fact;
    else if (fact.type === "stdout") this.#takeOutput(fact.bytes);
    else {
      const kept = fact.bytes.subarray(0, maxStderrBytes - this.#stderrBytes);
      if (kept.length > 0) this.#stderr.push(new Uint8Array(kept));
      this.#stderrBytes += kept.length;
    }
    return null;
  }

  /** Whether a server that ends the connection now may never have seen this request: it has said nothing, and nothing is known that it minds. */
  get mayBeUnseen(): boolean {
    return this.#isSilent && this.#longParam === null && !this.isAborted;
  }

  get #isSilent(): boolean {
    return this.#stdoutBytes + this.#stderrBytes === 0 && this.#end === null;
  }

  get isTooLarge(): boolean {
    return this.#stdoutBytes > this.#maxBytes + maxHeaderBytes;
  }

  /** Null as long as the request is not over. */
  verdict(): LaneAnswer | null {
    if (this.#end === null) return null;
    const { applicationStatus, protocolStatus } = this.#end;
    const said = judgeFastcgi({ stdout: this.#output(), stderr: this.#errors(), applicationStatus, protocolStatus });
    return said.ok && Buffer.byteLength(said.result) > this.#maxBytes ? tooLarge : said;
  }

  /** The answer when nothing more will come. */
  broken(why: string): LaneAnswer {
    const hint = this.#longParam === null ? "" : `; the parameter ${this.#longParam} is longer than PHP takes`;
    const message = `${why}${this.#isSilent ? " without an answer" : " within its answer"}${hint}`;
    const details = this.#isSilent ? null : fastcgiExcerpts(this.#output(), this.#errors());
    return { ok: false, kind: "failed", message, details };
  }

  #takeOutput(bytes: Uint8Array): void {
    this.#stdoutBytes += bytes.length;
    if (!this.isTooLarge) this.#stdout.push(new Uint8Array(bytes));
  }

  #output(): Uint8Array {
    return Buffer.concat(this.#stdout);
  }

  #errors(): string {
    return Buffer.concat(this.#stderr).toString();
  }
}

/** What is said of an answer that is longer than the consumer allows. */
export const tooLarge: LaneAnswer = {
  ok: false,
  kind: "too_large",
  message: "the answer is longer than max_size",
  details: null,
};
