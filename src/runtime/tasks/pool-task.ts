import type { Mailbox } from "../../core/tasks/mailbox.ts";
import type { TaskAnswer, TaskRequest } from "../../core/tasks/task.ts";
import type { PoolProcess } from "./pool-process.ts";

/** Whoever handed a task in; `isTold` once its answer is on its way or given. */
export interface Caller {
  readonly settle: (answer: TaskAnswer) => void;
  isTold: boolean;
}

/** What a pool knows of one task. Only the pool changes it. */
export class PoolTask {
  readonly payload: string;
  readonly priority: number;
  readonly key: string | null;
  readonly chain: readonly string[];
  readonly acceptedMs: number;
  readonly deadlineMs: number;
  order: number;
  retriesLeft: number;
  /** One, and those that asked for the same key since. */
  readonly callers: Caller[];
  /** What is waiting for it now; of `mailbox` and `process` at most one is set. */
  mailbox: Mailbox<PoolTask> | null = null;
  mailboxAt = -1;
  process: PoolProcess | null = null;
  /** Of its latest sending. */
  id = 0;
  sentMs = 0;
  /** When the process began with it; -1 while it only lies ready there. */
  beganMs = -1;
  isAnswered = false;
  /** What whoever would not begin with it said last. */
  refusedWhy: string | null = null;
  /** When something is due about it. */
  wakeMs: number;
  wakeAt = -1;

  constructor(
    request: TaskRequest,
    caller: Caller,
    terms: { order: number; nowMs: number; timeoutMs: number; retries: number },
  ) {
    this.payload = request.payload;
    this.priority = request.priority;
    this.key = request.key;
    this.chain = request.chain;
    this.callers = [caller];
    this.order = terms.order;
    this.acceptedMs = terms.nowMs;
    this.deadlineMs = terms.nowMs + terms.timeoutMs;
    this.wakeMs = this.deadlineMs;
    this.retriesLeft = terms.retries;
  }

  get isBegun(): boolean {
    return this.beganMs >= 0;
  }

  /** Of equal priority it goes before all that have not been tried yet. */
  goFirst(): void {
    if (this.order >= 0) this.order += Number.MIN_SAFE_INTEGER;
  }
}
