import type { TasksSpec } from "../../../src/core/farm/tasks-spec.ts";
import type { LaneAnswer } from "../../../src/core/tasks/lane-answer.ts";
import type { TaskAnswer, TaskProtocolErrorKind, TaskRequest } from "../../../src/core/tasks/task.ts";
import type { Lane } from "../../../src/runtime/tasks/lane.ts";
import { TaskPool } from "../../../src/runtime/tasks/task-pool.ts";
import type { ProcessTasks, ProcessTasksOwner } from "../../../src/runtime/tasks/task-ports.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { tasksSpec } from "../../support/specs.ts";

export const ok: LaneAnswer = { ok: true, result: "1" };

export function failing(kind: "failed" | "refused" | "final" | "too_large"): LaneAnswer {
  return { ok: false, kind, message: "no luck", details: null };
}

/** A process whose answers the test gives; `hand` is what it was sent and has not answered, in order. */
export class FakeProcess implements Lane, ProcessTasksOwner {
  readonly tasks: ProcessTasks;
  readonly hand: { readonly id: number; readonly payload: string }[] = [];
  readonly sent: string[] = [];
  readonly cancelled: number[] = [];
  readonly busy: number[] = [];
  readonly ranSeconds: number[] = [];
  readonly replaced: string[] = [];
  /** Called with each sending; false breaks it. */
  onSend: (id: number, payload: string) => boolean = () => true;
  onReplace: () => void = () => undefined;

  constructor(pool: TaskPool, worker: number) {
    this.tasks = pool.attach(worker, this, this);
  }

  send(id: number, payload: string): boolean {
    const taken = this.onSend(id, payload);
    if (!taken) return false;
    this.hand.push({ id, payload });
    this.sent.push(payload);
    return true;
  }

  cancel(id: number): void {
    this.cancelled.push(id);
  }

  busyChanged(busy: number): void {
    this.busy.push(busy);
  }

  ran(seconds: number): void {
    this.ranSeconds.push(seconds);
  }

  replace(cause: string): void {
    this.replaced.push(cause);
    this.onReplace();
  }

  /** What it has in hand, in order. */
  get holds(): readonly string[] {
    return this.hand.map(({ payload }) => payload);
  }

  /** Answers the task it was sent at this place of its hand. */
  answer(answer: LaneAnswer = ok, at = 0): void {
    const [task] = this.hand.splice(at, 1);
    if (task === undefined) throw new Error("it has nothing to answer");
    this.tasks.answered(task.id, answer);
  }
}

/** A pool in a time of its own. */
export class RehearsedPool {
  readonly clock = new FakeClock();
  readonly problems: { readonly worker: number; readonly kind: TaskProtocolErrorKind }[] = [];
  /** What each task was answered: a result, or a code; in the order of the answers. */
  readonly answers: string[] = [];
  readonly messages: string[] = [];
  wanted = 0;
  onWanted: () => void = () => undefined;
  readonly pool: TaskPool;

  readonly spec: TasksSpec;

  constructor(changes: Partial<TasksSpec> = {}) {
    this.spec = tasksSpec({ prefetch: 0, ...changes });
    this.pool = new TaskPool("thumbs", this.spec, {
      clock: this.clock,
      wanted: () => {
        this.wanted += 1;
        this.onWanted();
      },
      problem: (worker, kind) => this.problems.push({ worker, kind }),
    });
  }

  /** A process that takes tasks. */
  open(worker: number): FakeProcess {
    const process = this.attach(worker);
    process.tasks.open();
    return process;
  }

  attach(worker: number): FakeProcess {
    return new FakeProcess(this.pool, worker);
  }

  /** Hands a task in; its answer appears in `answers` as `payload:answer`. */
  submit(payload: string, changes: Partial<TaskRequest> = {}): () => void {
    return this.pool.submit(request(payload, changes), (answer) => {
      this.answers.push(`${payload}:${shown(answer)}`);
      if (!answer.ok) this.messages.push(answer.error.message);
    });
  }
}

export function request(payload: string, changes: Partial<TaskRequest> = {}): TaskRequest {
  return { payload, timeoutMs: null, retries: null, priority: 0, key: null, chain: [], ...changes };
}

function shown(answer: TaskAnswer): string {
  return answer.ok ? answer.result : answer.error.code;
}
