import type { TaskAnswer, TaskRequest } from "../../src/core/tasks/task.ts";
import type { TaskDesk, TaskInlet } from "../../src/runtime/tasks/task-ports.ts";

/** A task that was handed in and has no answer yet. */
export interface HeldTask {
  readonly request: TaskRequest;
  readonly settle: (answer: TaskAnswer) => void;
}

/** A pool without workers: it holds what it is given until the test answers, or answers by itself with `answer`. */
export class FakeInlet implements TaskInlet {
  maxBytes = 1_000;
  appetite = 4;
  /** How many can be held. */
  capacity = 100;
  /** What every task is answered at once, when there is such an answer. */
  refusal: TaskAnswer | null = null;
  /** Answers a turn after it was given a task; null leaves that to the test. */
  answer: ((request: TaskRequest) => TaskAnswer) | null = null;
  readonly held: HeldTask[] = [];
  readonly submitted: TaskRequest[] = [];
  cancelled = 0;
  mostHeld = 0;
  readonly #waiting = new Set<() => void>();

  get room(): number {
    if (this.refusal !== null) return 1;
    return Math.max(0, this.capacity - this.held.length);
  }

  submit(request: TaskRequest, settle: (answer: TaskAnswer) => void): () => void {
    this.submitted.push(request);
    if (this.room === 0 || this.refusal !== null) {
      settle(this.refusal ?? { ok: false, error: { code: "overloaded", message: "full", details: null } });
      return () => {};
    }
    const task: HeldTask = { request, settle };
    this.held.push(task);
    this.mostHeld = Math.max(this.mostHeld, this.held.length);
    if (this.answer !== null) queueMicrotask(() => this.finish(task, this.answer?.(request) ?? fine("null")));
    return () => {
      if (!this.#drop(task)) return;
      this.cancelled++;
      settle({ ok: false, error: { code: "cancelled", message: "called off", details: null } });
    };
  }

  whenRoom(run: () => void): () => void {
    this.#waiting.add(run);
    return () => this.#waiting.delete(run);
  }

  /** Answers a task that is held, the oldest one if none is named. */
  finish(task: HeldTask | undefined = this.held[0], answer: TaskAnswer = fine(task?.request.payload ?? "null")): void {
    if (task !== undefined && this.#drop(task)) task.settle(answer);
  }

  /** There is room for so many. */
  makeRoom(capacity: number): void {
    this.capacity = capacity;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const run of waiting) run();
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  #drop(task: HeldTask): boolean {
    const at = this.held.indexOf(task);
    if (at !== -1) this.held.splice(at, 1);
    return at !== -1;
  }
}

/** A good answer. */
export function fine(result: string): TaskAnswer {
  return { ok: true, result };
}

/** A desk with one pool, `async`. */
export class FakeDesk implements TaskDesk {
  readonly inlet = new FakeInlet();

  pool(consumer: string): ReturnType<TaskDesk["pool"]> {
    if (consumer === "async") return this.inlet;
    return consumer === "mail/über"
      ? { problem: "takes_no_tasks", message: `${consumer} fetches its own work; add tasks to it in pm.yaml` }
      : { problem: "unknown_consumer", message: `there is no consumer ${consumer}` };
  }
}
