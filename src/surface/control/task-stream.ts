import type { TaskAnswer, TaskRequest } from "../../core/tasks/task.ts";
import { taskAnswerText, taskErrorText } from "../../protocol/task-documents.ts";
import type { Cancel } from "../../runtime/host.ts";
import type { TaskInlet } from "../../runtime/tasks/task-ports.ts";
import { type LostLine, TaskLines } from "./task-lines.ts";
import { readTask, type TaskManner } from "./task-request.ts";
import { textBody } from "./text-body.ts";

/** Answers that may wait for those before them, or for the reader, in characters and in number. */
const maxHeldLength = 1024 * 1024;
const maxHeld = 8_192;
/** Answers go out when they are so many characters, or when the oldest of them has waited so long. */
const pieceLength = 16_384;
const gatherMs = 1;

/** As much of a reader as is used: the types of Bun and of Node for it do not agree. */
interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** One line of the stream, in a list in the order of the lines. */
interface Line {
  /** Null until it is answered; with its newline. */
  answer: string | null;
  next: Line | null;
  cancel: Cancel;
}

/** A line whose task is to be handed in. */
interface Due {
  readonly line: Line;
  readonly id: string;
  readonly request: TaskRequest;
}

/**
 * Tasks in, one a line; answers out, one a line in the order of the tasks. It holds as many lines as keep the pool busy, reads no further
 * when its tasks find no room or its answers no reader, and calls its tasks off when the client has gone.
 */
export class TaskStream {
  /** What goes out. */
  readonly body: ReadableStream<Uint8Array>;
  /** Settles when the reader has all of it, or has left. */
  readonly read: Promise<void>;
  readonly #inlet: TaskInlet;
  readonly #manner: TaskManner;
  readonly #lines: TaskLines;
  readonly #reader: Reader | null;
  /** The client has gone while it sent. */
  readonly #left = Promise.withResolvers<void>();
  #number: number;
  #first: Line | null = null;
  #last: Line | null = null;
  /** Tasks without an answer; lines in the list; characters of answers that have not gone out. */
  #underWay = 0;
  #held = 0;
  #heldLength = 0;
  /** Found no room although there seemed to be some. */
  readonly #again: Due[] = [];
  #stopWaiting: Cancel | null = null;
  #reading = false;
  #noMore: boolean;
  /** There are no more lines. */
  #finished = false;
  #gone = false;
  /** Answers that nothing before them holds up. */
  #ready = "";
  #wakeReader: (() => void) | null = null;
  #later: Timer | null = null;
  #pumpIsDue = false;

  /** `number` is that of the first line; `longest` the bytes of the longest one. */
  constructor(
    inlet: TaskInlet,
    source: ReadableStream<Uint8Array> | null,
    manner: TaskManner,
    number: number,
    longest: number,
  ) {
    this.#inlet = inlet;
    this.#manner = manner;
    this.#number = number;
    this.#lines = new TaskLines(longest);
    this.#reader = source?.getReader() ?? null;
    this.#noMore = source === null;
    const { body, read } = textBody(
      () => this.#nextText(),
      () => this.#leave(),
    );
    this.body = body;
    this.read = Promise.race([read, this.#left.promise]);
    this.#pump();
  }

  /** Nothing more is read; what is in hand is answered. */
  end(): void {
    if (this.#noMore) return;
    this.#noMore = true;
    void this.#reader?.cancel().catch(() => {}); // the client may have gone before
    this.#wake();
  }

  /** Hands in as many tasks as may be under way, then reads on. */
  #pump(): void {
    this.#pumpIsDue = false;
    for (
      let most = this.#mayTake();
      most > 0;
      most = most > 1 && this.#stopWaiting === null ? most - 1 : this.#mayTake()
    ) {
      const due = this.#again.shift();
      if (due !== undefined) this.#submit(due);
      else {
        const line = this.#lines.next();
        if (line === null) {
          this.#finished = this.#noMore && !this.#reading;
          this.#readOn();
          break;
        }
        this.#take(line);
      }
    }
    this.#wakeReaderIfAny();
  }

  /** So many lines may be taken now. */
  #mayTake(): number {
    if (this.#gone || this.#stopWaiting !== null || this.#heldLength >= maxHeldLength) return 0;
    const most = Math.min(Math.max(1, this.#inlet.appetite) - this.#underWay, maxHeld - this.#held);
    if (most <= 0) return 0;
    const { room } = this.#inlet;
    if (room <= 0) this.#awaitRoom();
    return Math.min(most, Math.max(0, room));
  }

  #awaitRoom(): void {
    let called = false;
    const cancel = this.#inlet.whenRoom(() => {
      called = true;
      // A turn later, so that streams which wait for the same room take turns with everything else.
      setImmediate(() => {
        this.#stopWaiting = null;
        this.#pump();
      });
    });
    this.#stopWaiting = called ? () => {} : cancel;
  }

  #readOn(): void {
    if (this.#reading || this.#noMore || this.#reader === null) return;
    this.#reading = true;
    const read = async (reader: Reader): Promise<void> => {
      try {
        const { done, value } = await reader.read();
        this.#reading = false;
        if (done) {
          this.#noMore = true;
          this.#lines.end();
        } else if (value !== undefined) this.#lines.push(value);
        this.#pump();
      } catch {
        this.#leave(); // the client has gone before it was whole
      }
    };
    void read(this.#reader);
  }

  #take(text: string | LostLine): void {
    const line: Line = { answer: null, next: null, cancel: () => {} };
    if (this.#last === null) this.#first = line;
    else this.#last.next = line;
    this.#last = line;
    this.#held++;
    const number = String(this.#number++);
    if (typeof text !== "string") {
      this.#answer(line, taskErrorText(number, text.code, text.message));
      return;
    }
    const task = readTask(text, this.#manner);
    if (!task.ok) this.#answer(line, taskErrorText(number, "bad_request", task.message));
    else this.#submit({ line, id: task.id ?? number, request: task.request });
  }

  #submit(due: Due): void {
    const { line, request } = due;
    this.#underWay++;
    line.cancel = this.#inlet.submit(request, (answer) => this.#settle(due, answer));
  }

  #settle(due: Due, answer: TaskAnswer): void {
    this.#underWay--;
    due.line.cancel = () => {};
    if (this.#gone) return;
    if (!answer.ok && answer.error.code === "overloaded") {
      this.#again.push(due);
      if (this.#stopWaiting === null) this.#awaitRoom();
    } else this.#answer(due.line, taskAnswerText(due.id, answer));
    this.#wake();
  }

  #answer(line: Line, text: string): void {
    line.answer = `${text}\n`;
    this.#heldLength += line.answer.length;
    if (line !== this.#first) return;
    let first: Line | null = line;
    while (first !== null && first.answer !== null) {
      this.#ready += first.answer;
      this.#held--;
      first = first.next;
    }
    this.#first = first;
    if (first === null) this.#last = null;
  }

  /** Once all that is happening now has happened: whatever has come of it goes out in one piece. */
  #wake(): void {
    if (this.#pumpIsDue) return;
    this.#pumpIsDue = true;
    queueMicrotask(() => this.#pump());
  }

  get #isOver(): boolean {
    return this.#gone || (this.#finished && this.#first === null);
  }

  /** A few answers wait a moment for others that are sure to come: each piece costs both ends more than the tasks in it. */
  #wakeReaderIfAny(): void {
    if (this.#wakeReader === null || (this.#ready === "" && !this.#isOver)) return;
    const isFew = this.#ready.length < pieceLength && this.#underWay > 0 && !this.#isOver;
    if (isFew) this.#later ??= setTimeout(() => this.#wakeReaderNow(), gatherMs);
    else this.#wakeReaderNow();
  }

  #wakeReaderNow(): void {
    if (this.#later !== null) clearTimeout(this.#later);
    this.#later = null;
    this.#wakeReader?.();
    this.#wakeReader = null;
  }

  /** The answers that can go out, as soon as there are some; empty at the end. */
  async #nextText(): Promise<string> {
    if (this.#ready === "" && !this.#isOver) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakeReader = resolve;
      await promise;
    }
    const text = this.#ready;
    this.#ready = "";
    this.#heldLength -= text.length;
    if (text !== "") this.#wake();
    return text;
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#noMore = true;
    this.#stopWaiting?.();
    for (let line = this.#first; line !== null; line = line.next) line.cancel();
    void this.#reader?.cancel().catch(() => {}); // it may have failed already
    this.#wakeReaderIfAny();
    this.#left.resolve();
  }
}
