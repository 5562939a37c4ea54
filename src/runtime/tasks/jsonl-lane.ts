import { parseTaskLine, taskLine } from "../../protocol/jsonl-tasks.ts";
import { closeFd } from "../../system/libc.ts";
import { PipeSender } from "../../system/pipe-sender.ts";
import type { ChildLane, LaneOwner } from "./lane.ts";
import { TextLines } from "./text-lines.ts";

/** Beside the answer itself: its id, the names of its members. */
const envelopeBytes = 1_024;
/** Of a line that is no answer, how much is told. */
const excerptLength = 200;

const nothingMore = { done: true, value: undefined } as const;

/** How long after its pipes a process may end by itself. */
const endingMs = 1_000;

/** The pipes of a worker that takes its tasks on stdin and answers on stdout. */
export interface JsonlPipes {
  /** pm's ends; they are the lane's from now on. */
  readonly stdinFd: number;
  readonly stdoutFd: number;
  /** Longest answer. */
  readonly maxBytes: number;
  /** Asks the worker to break a task off. */
  readonly cancel: (id: number) => void;
  /** Everything it said on stdout has been heard. */
  readonly ended: () => void;
}

/** Tasks as lines of JSON on the stdin and stdout of one process. */
export class JsonlLane implements ChildLane {
  readonly #stdin: PipeSender;
  readonly #lines: TextLines;
  readonly #cancel: (id: number) => void;
  readonly #ended: () => void;
  #owner: LaneOwner | null = null;
  #isBroken = false;
  /** The process has been reaped. */
  #isOver = false;
  /** pm has closed stdin, so that the end of stdout is no surprise. */
  #finished = false;
  #stopReading = (): void => {};
  #heardAtMs = Number.NEGATIVE_INFINITY;

  constructor({ stdinFd, stdoutFd, maxBytes, cancel, ended }: JsonlPipes) {
    this.#stdin = new PipeSender(stdinFd, () => this.#broken("it has closed its stdin"));
    this.#lines = new TextLines(maxBytes + envelopeBytes, {
      line: (line) => this.#take(line),
      tooLong: (start) => this.#tooLong(start),
    });
    this.#cancel = cancel;
    this.#ended = ended;
    void this.#read(stdoutFd);
  }

  /** When the worker last said anything here, on the clock of `performance.now()`; minus infinity before. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  serve(owner: LaneOwner): void {
    this.#owner = owner;
  }

  send(id: number, payload: string): boolean {
    if (this.#isBroken || this.#finished) return false;
    this.#stdin.send(taskLine(id, payload));
    return true;
  }

  cancel(id: number): void {
    this.#cancel(id);
  }

  finish(): void {
    this.#finished = true;
    this.#stdin.end();
  }

  exited(): void {
    this.#isOver = true;
    this.finish();
  }

  abandon(): void {
    this.#stopReading();
  }

  async #read(fd: number): Promise<void> {
    const reader = Bun.file(fd).stream().getReader();
    this.#stopReading = () => void reader.cancel().catch(() => {});
    let reading = reader.read();
    closeFd(fd); // Bun reads a descriptor of its own
    for (;;) {
      // What cannot be read is no other than the end of it.
      const { value, done } = await reading.catch(() => nothingMore);
      if (done) break;
      this.#heardAtMs = performance.now();
      this.#lines.push(value);
      reading = reader.read();
    }
    this.#lines.end();
    if (!this.#finished) this.#broken("it has closed its stdout");
    this.#ended();
  }

  #take(line: string): void {
    if (line === "" || line === "\r") return;
    const said = parseTaskLine(line);
    if (said.kind === "answer") this.#owner?.answered(said.id, said.answer);
    else this.#owner?.problem("garbage", line.slice(0, excerptLength));
  }

  #tooLong(start: string): void {
    const [, digits] = /^\s*\{\s*"id"\s*:\s*(\d{1,15})\b/u.exec(start) ?? [];
    this.#owner?.problem("oversized", start.slice(0, excerptLength));
    const message = "the answer is longer than tasks.max_size";
    if (digits !== undefined)
      this.#owner?.answered(Number(digits), { ok: false, message, details: null, kind: "too_large" });
  }

  /** Most often because the process is ending, which is not for pm to answer with a replacement: that is waited for a little. */
  #broken(why: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    setTimeout(() => {
      if (!this.#isOver) this.#owner?.broken(why);
    }, endingMs).unref();
  }
}
