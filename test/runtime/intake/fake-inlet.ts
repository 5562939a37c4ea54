import type { TaskAnswer, TaskErrorCode, TaskRequest } from "../../../src/core/tasks/task.ts";
import type { Cancel } from "../../../src/runtime/host.ts";
import type { TaskInlet } from "../../../src/runtime/tasks/task-ports.ts";

export const ok: TaskAnswer = { ok: true, result: "1" };

export function error(code: TaskErrorCode, message = `it is ${code}`): TaskAnswer {
  return { ok: false, error: { code, message, details: null } };
}

interface Submitted {
  readonly payload: string;
  answer(answer: TaskAnswer): void;
}

/** A pool in which a test does the work. */
export class FakeInlet implements TaskInlet {
  readonly maxBytes: number = 1000;
  appetite: number;
  /** All that were ever handed in. */
  readonly payloads: string[] = [];
  readonly #waiting: Submitted[] = [];
  #room: number;
  #whenRoom: (() => void)[] = [];
  #heard: () => void = () => undefined;
  /** Answers by itself as soon as it can, once set. */
  #auto: ((payload: string) => TaskAnswer) | null = null;

  constructor(appetite = 4, room = 100) {
    this.appetite = appetite;
    this.#room = room;
  }

  get room(): number {
    return this.#room;
  }

  set room(room: number) {
    this.#room = room;
    const run = this.#whenRoom;
    if (room <= 0) return;
    this.#whenRoom = [];
    for (const each of run) each();
  }

  get atWork(): number {
    return this.#waiting.length;
  }

  submit(request: TaskRequest, settle: (answer: TaskAnswer) => void): Cancel {
    this.payloads.push(request.payload);
    this.#room--;
    const { payload } = request;
    const answer = (given: TaskAnswer): void => {
      this.room++;
      settle(given);
    };
    if (this.#auto !== null) queueMicrotask(() => this.#auto !== null && answer(this.#auto(payload)));
    else this.#waiting.push({ payload, answer });
    this.#heard();
    return () => undefined;
  }

  whenRoom(run: () => void): Cancel {
    this.#whenRoom.push(run);
    return () => {
      this.#whenRoom = this.#whenRoom.filter((each) => each !== run);
    };
  }

  /** The next task that waits for its answer. */
  async next(): Promise<Submitted> {
    for (;;) {
      const task = this.#waiting.shift();
      if (task !== undefined) return task;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#heard = resolve;
      await promise;
    }
  }

  /** From now on it answers all by itself. */
  answerAll(how: (payload: string) => TaskAnswer): void {
    this.#auto = how;
    for (const task of this.#waiting.splice(0)) task.answer(how(task.payload));
  }
}
