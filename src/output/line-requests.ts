import type { LogLine, LogQuery } from "../core/farm/log-lines.ts";
import { sizeOf } from "./follower.ts";
import type { LinesReport, ToOutput } from "./messages.ts";

/** Hears lines, oldest first, and how many after them were lost. As long as what it returns is pending, it is given no more. */
export type HearLines = (lines: readonly LogLine[], lost: number) => void | Promise<void>;

/** What one follower is given in the long run: so much work for the main thread, and no more, whatever the workers write. */
const bytesPerMs = 4_096;
/** A shorter pause is not worth a timer. */
const leastPauseMs = 5;
/** How often a gap is told of. */
const gapPauseMs = 50;

/** The main thread's side of questions for lines: who waits for which answer. */
export class LineRequests {
  readonly #tell: (order: ToOutput) => void;
  readonly #waiting = new Map<number, (lines: readonly LogLine[]) => void>();
  readonly #followers = new Map<number, (report: LinesReport) => void>();
  #nextRequest = 0;
  #isOver = false;

  constructor(tell: (order: ToOutput) => void) {
    this.#tell = tell;
  }

  /** The lines there are; none when nobody is left to tell. */
  recent(query: LogQuery): Promise<readonly LogLine[]> {
    const { promise, resolve } = Promise.withResolvers<readonly LogLine[]>();
    if (this.#isOver) resolve([]);
    else this.#waiting.set(this.#ask(query, false), resolve);
    return promise;
  }

  /** `hear` is called with the lines there are, perhaps none, and then with what comes after. Returns how to end it. */
  follow(query: LogQuery, hear: HearLines): () => void {
    const request = this.#ask(query, true);
    const end = (): void => {
      if (this.#followers.delete(request)) this.#tell({ do: "lines_unfollow", request });
    };
    let turn = Promise.resolve();
    this.#followers.set(request, (report) => {
      turn = turn.then(() => this.#handOn(report, hear)).catch(end); // one who fails to listen does not listen any more
    });
    return end;
  }

  take(report: LinesReport): void {
    const { request, lines } = report;
    this.#followers.get(request)?.(report);
    this.#waiting.get(request)?.(lines);
    this.#waiting.delete(request);
  }

  /** No answer will come any more. */
  end(): void {
    this.#isOver = true;
    for (const resolve of this.#waiting.values()) resolve([]);
    this.#waiting.clear();
  }

  async #handOn({ request, lines, lost }: LinesReport, hear: HearLines): Promise<void> {
    if (!this.#followers.has(request)) return;
    await hear(lines, lost);
    const bytes = lines.reduce((sum, line) => sum + sizeOf(line), 0);
    const pauseMs = Math.max(bytes / bytesPerMs, lost > 0 ? gapPauseMs : 0);
    if (pauseMs >= leastPauseMs) await Bun.sleep(pauseMs);
    if (this.#followers.has(request)) this.#tell({ do: "lines_heard", request });
  }

  #ask(query: LogQuery, follow: boolean): number {
    const request = this.#nextRequest++;
    this.#tell({ do: "lines", request, query, follow });
    return request;
  }
}
