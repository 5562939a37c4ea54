import { endText, Program, type Surroundings } from "./program.ts";
import { failed, type Failure } from "./queue.ts";

/** A program that dies is started by the next question, but no more often than this. */
const restartMs = 1000;

/** So many questions without an answer mean that it will never give one. */
const maxUnanswered = 8;

/** More than any number needs. */
const maxLineBytes = 4096;

export type LineAnswer = { readonly ok: true; readonly text: string } | Failure;

/** One life of the program. */
interface Life {
  readonly program: Program;
  /** In the order they were asked; those whose time is over keep their place, so that a late answer meets the question it belongs to. */
  readonly waiting: ((answer: LineAnswer) => void)[];
  rest: string;
  /** Why it was killed, where that was us. */
  verdict: string | null;
}

/** A program kept running: for each line it is given it prints one. Started by the first question, and again by one after its end. */
export class LineProgram {
  readonly #command: readonly string[];
  readonly #surroundings: Surroundings;
  readonly #nowMs: () => number;
  #life: Life | null = null;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #lastEnd = "";

  constructor(command: readonly string[], surroundings: Surroundings, nowMs: () => number) {
    this.#command = command;
    this.#surroundings = surroundings;
    this.#nowMs = nowMs;
  }

  /** Settles with the program's line for this one; never, when it says nothing more and lives on. */
  ask(line: string): Promise<LineAnswer> {
    const life = this.#life ?? this.#start();
    if ("ok" in life) return Promise.resolve(life);
    if (life.waiting.length >= maxUnanswered) {
      this.#end(life, `it left ${maxUnanswered} questions unanswered and was killed`);
      return Promise.resolve(failed(this.#lastEnd));
    }
    const answer = new Promise<LineAnswer>((resolve) => life.waiting.push(resolve));
    life.program.write(`${line}\n`);
    return answer;
  }

  close(): void {
    if (this.#life !== null) this.#end(this.#life, "it is closed");
  }

  #start(): Life | Failure {
    const nowMs = this.#nowMs();
    if (nowMs - this.#startedAtMs < restartMs) return failed(this.#lastEnd);
    this.#startedAtMs = nowMs;
    const decoder = new TextDecoder();
    const hear = (chunk: Uint8Array): void => this.#hear(life, decoder.decode(chunk, { stream: true }));
    const program = Program.start(this.#command, "pipe", hear, this.#surroundings);
    if (!(program instanceof Program)) {
      this.#lastEnd = program.why;
      return program;
    }
    const life: Life = { program, waiting: [], rest: "", verdict: null };
    this.#life = life;
    void this.#outlive(life);
    return life;
  }

  async #outlive(life: Life): Promise<void> {
    const end = await life.program.ended;
    this.#bury(life, life.verdict ?? `it ended by itself (${endText(end, life.program.complaint)})`);
  }

  #hear(life: Life, text: string): void {
    const lines = (life.rest + text).split("\n");
    life.rest = lines.pop() ?? "";
    for (const line of lines) life.waiting.shift()?.({ ok: true, text: line }); // what nobody asked for is nobody's answer
    if (life.rest.length > maxLineBytes) this.#end(life, `it printed a line longer than ${maxLineBytes} bytes`);
  }

  #end(life: Life, verdict: string): void {
    life.verdict = verdict;
    this.#bury(life, verdict);
    life.program.kill();
  }

  #bury(life: Life, why: string): void {
    if (this.#life === life) {
      this.#life = null;
      this.#lastEnd = why;
    }
    for (const answer of life.waiting.splice(0)) answer(failed(why));
  }
}
