import type { Clock } from "./host.ts";

/** So many lines in a period; the rest is counted. */
const maxLines = 20;
const periodMs = 10_000;

/** An unfinished line is not kept beyond this; whoever shows it shows less. */
const maxRest = 4096;

/** What a program writes to stderr, line by line and within bounds. */
export class ProgramWords {
  readonly #say: (line: string) => void;
  readonly #clock: Clock;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #periodEndMs = Number.NEGATIVE_INFINITY;
  #said = 0;
  #leftOut = 0;

  constructor(say: (line: string) => void, clock: Clock) {
    this.#say = say;
    this.#clock = clock;
  }

  hear(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, maxRest);
    for (const line of lines) this.#line(line);
  }

  /** Says what is left: a last line without its end, and how much was left out. */
  end(): void {
    this.#line(this.#rest);
    this.#rest = "";
    this.#tellLeftOut();
  }

  #line(line: string): void {
    if (line.trim() === "") return;
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#periodEndMs) {
      this.#tellLeftOut();
      this.#periodEndMs = nowMs + periodMs;
      this.#said = 0;
    }
    if (this.#said < maxLines) {
      this.#said++;
      this.#say(line);
    } else this.#leftOut++;
  }

  #tellLeftOut(): void {
    if (this.#leftOut > 0) this.#say(`(${this.#leftOut} more lines were left out)`);
    this.#leftOut = 0;
  }
}
