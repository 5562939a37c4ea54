import type { TasksSpec } from "../../core/farm/tasks-spec.ts";
import { failure } from "../../core/tasks/failure.ts";
import { fateOfLost, mayRetry } from "../../core/tasks/lost.ts";
import type { TaskAnswer, TaskProtocolErrorKind } from "../../core/tasks/task.ts";
import type { LaneAnswer } from "./lane.ts";
import { PoolAnswers } from "./pool-answers.ts";
import { PoolFloor } from "./pool-floor.ts";
import { PoolNotices } from "./pool-notices.ts";
import type { PoolProcess, ProcessHome } from "./pool-process.ts";
import type { PoolTask } from "./pool-task.ts";
import { PoolTimers } from "./pool-timers.ts";
import type { PoolWorker } from "./pool-worker.ts";
import { type Refusal, refusal, type TaskPoolPorts } from "./task-pool-ports.ts";

/** How long a worker may take to let go of a task nobody waits for any more. */
const GRACE_MS = 1000;

/** How long a process that refused a task is left alone. */
const REST_MS = 50;

/** Of sendings, unique over the life of pm. */
let lastId = 0;

/**
 * Brings tasks to processes and answers back.
 *
 * Each entry is a step: it changes the state, and only the outermost one then tells callers and owners of processes. So whatever these do in
 * return meets a state that is whole, and nothing recurses.
 */
export class PoolDispatch implements ProcessHome {
  readonly floor: PoolFloor;
  readonly answers = new PoolAnswers();
  readonly notices: PoolNotices;
  /** What new and waiting tasks are answered while none are taken. */
  refusal: Refusal<"unavailable" | "shutting_down"> | null = null;
  inFlight = 0;
  readonly #consumer: string;
  readonly #ports: TaskPoolPorts;
  readonly #timers: PoolTimers;
  #depth = 0;
  readonly #dirty: PoolProcess[] = [];
  #isSending = false;
  /** Answers that came while their task was still being sent. */
  readonly #early: (() => void)[] = [];
  readonly #room = (): number => this.room;
  readonly #begun = (task: PoolTask): void => this.#began(task);

  constructor(consumer: string, spec: TasksSpec, ports: TaskPoolPorts) {
    this.#consumer = consumer;
    this.#ports = ports;
    this.floor = new PoolFloor(spec);
    this.notices = new PoolNotices(this.floor, ports);
    this.#timers = new PoolTimers(ports.clock, (due) => this.step(() => due.forEach((task) => this.#due(task))));
  }

  get room(): number {
    return this.refusal === null ? this.floor.room : 0;
  }

  /** Runs one step, and after the outermost one tells everybody concerned. */
  step<T>(run: () => T): T {
    this.#depth += 1;
    try {
      const result = run();
      if (this.#depth === 1) this.#workOff();
      return result;
    } finally {
      this.#depth -= 1;
    }
  }

  /** A new task, for this worker; null puts it into the lobby. */
  accept(task: PoolTask, worker: PoolWorker | null): void {
    this.#timers.put(task, task.deadlineMs);
    if (!this.#give(task, worker)) this.#drop(task);
  }

  /** Nobody waits for it any more; the process that has it, if any, is asked to break it off. */
  abandon(task: PoolTask, answer: TaskAnswer): void {
    if (task.isAnswered) return;
    this.settle(task, answer);
    const { process } = task;
    if (process === null) return this.floor.unwait(task);
    if (task.isBegun) {
      const nowMs = this.#ports.clock.nowMs();
      process.ranOn(nowMs - task.beganMs);
      this.#timers.put(task, nowMs + GRACE_MS);
    }
    process.lane.cancel(task.id);
  }

  settle(task: PoolTask, answer: TaskAnswer): void {
    this.#timers.remove(task);
    this.answers.settle(task, answer, this.#ports.clock.nowMs());
  }

  /** All that waits is answered so. */
  answerWaiting(answer: TaskAnswer): void {
    for (const mailbox of this.floor.mailboxes)
      for (let task = mailbox.first; task !== undefined; task = mailbox.first) this.abandon(task, answer);
  }

  /** The worker is there no more; what waits for it moves, as far as there is room. */
  forget(worker: PoolWorker): void {
    this.floor.forget(worker);
    const { process } = worker;
    worker.process = null;
    if (process !== null) this.#close(process);
    for (let task = worker.mailbox.first; task !== undefined; task = worker.mailbox.first) {
      this.floor.unwait(task);
      this.#place(task);
    }
    this.notices.wanted();
  }

  /** Calls once, after a step that leaves room. */
  whenRoom(run: () => void): () => void {
    if (this.room > 0) this.#ports.clock.after(0, () => this.step(() => undefined));
    return this.notices.whenRoom(run);
  }

  opened(process: PoolProcess): void {
    if (process.isLost || process.replaceCause !== null) return;
    process.isOpen = true;
    this.step(() => this.#touch(process));
  }

  closed(process: PoolProcess): void {
    this.step(() => this.#close(process));
  }

  broken(process: PoolProcess): void {
    this.step(() => this.#replace(process, "task_broken"));
  }

  problem(process: PoolProcess, kind: TaskProtocolErrorKind, excerpt: string): void {
    this.answers.tally.protocolError(kind);
    this.#ports.problem(process.worker.number, kind, excerpt);
  }

  answered(process: PoolProcess, id: number, answer: LaneAnswer): void {
    if (process.isLost) return;
    if (this.#isSending) {
      this.#early.push(() => this.#take(process, id, answer));
      return;
    }
    this.step(() => this.#take(process, id, answer));
  }

  lost(process: PoolProcess, why: string): void {
    if (process.isLost) return;
    this.step(() => {
      process.isLost = true;
      this.#close(process);
      const { worker } = process;
      if (worker.process === process) worker.process = null;
      const nowMs = this.#ports.clock.nowMs();
      const tasks = process.giveBack().map((task) => ({ task, fate: fateOfLost(task, nowMs) }));
      this.inFlight -= tasks.length;
      // First those that lay ready: their places in the mailbox were kept for them.
      for (const { task, fate } of tasks) if (fate === "wait") this.#place(task);
      const lost = refusal("lost", `the worker ended while the task ran: ${why}`);
      for (const { task, fate } of tasks) {
        if (fate === "retry") this.#again(task, lost);
        if (fate === "lost") this.settle(task, lost);
      }
    });
  }

  #take(process: PoolProcess, id: number, answer: LaneAnswer): void {
    if (process.isLost) return;
    const nowMs = this.#ports.clock.nowMs();
    const task = process.take(id, nowMs, this.#begun);
    if (task === undefined)
      return this.problem(process, process.hasAnswered(id) ? "answered_twice" : "wrong_id", `task ${id}`);
    this.inFlight -= 1;
    this.#touch(process);
    task.process = null;
    if (!answer.ok && answer.kind === "refused") this.#rest(process);
    else process.owner.ran((nowMs - task.beganMs) / 1000);
    if (!task.isAnswered) this.#judge(task, answer, nowMs);
    if (process.isWornOut) this.#replace(process, "max_tasks");
  }

  #judge(task: PoolTask, answer: LaneAnswer, nowMs: number): void {
    if (answer.ok) return this.settle(task, answer);
    if (answer.kind === "refused") {
      task.refusedWhy = answer.message;
      task.goFirst();
      this.#place(task);
    } else if (answer.kind === "failed" && mayRetry(task, nowMs)) this.#again(task, failure(answer));
    else this.settle(task, failure(answer));
  }

  /** Once more, unless there is no place for it: then it gets this answer after all. */
  #again(task: PoolTask, otherwise: TaskAnswer): void {
    task.retriesLeft -= 1;
    task.beganMs = -1;
    task.goFirst();
    if (this.refusal !== null || !this.#give(task, this.floor.choose())) return this.settle(task, otherwise);
    this.answers.tally.retried();
  }

  /** Finds a place for a task that was accepted and is in nobody's hand; without one it is answered. */
  #place(task: PoolTask): void {
    task.beganMs = -1;
    if (this.refusal !== null) this.settle(task, this.refusal);
    else if (!this.#give(task, this.floor.choose())) this.#drop(task);
  }

  #drop(task: PoolTask): void {
    this.settle(task, refusal("overloaded", `${this.#consumer} has no room for the task any more; ask again later`));
  }

  /** False when neither this worker, nor another one, nor the lobby has room. */
  #give(task: PoolTask, worker: PoolWorker | null): boolean {
    for (let to = worker; to !== null; to = this.floor.choose()) {
      const { process } = to;
      if (process !== null && to.free > 0) {
        if (this.#send(process, task)) return true;
      } else if (this.floor.wait(task, to.mailbox)) {
        if (process !== null) this.#touch(process);
        return true;
      }
    }
    if (this.floor.workers.length === 0 && this.floor.lobby.size === 0) this.notices.wanted();
    return this.floor.wait(task, this.floor.lobby);
  }

  #send(process: PoolProcess, task: PoolTask): boolean {
    this.inFlight += 1;
    const nowMs = this.#ports.clock.nowMs();
    this.#isSending = true;
    const isSent = process.send(task, (lastId += 1), nowMs, this.#begun);
    this.#isSending = false;
    if (isSent) this.#touch(process);
    else {
      this.inFlight -= 1;
      this.#replace(process, "task_broken");
    }
    return isSent;
  }

  #began(task: PoolTask): void {
    if (task.isAnswered) this.#timers.put(task, this.#ports.clock.nowMs() + GRACE_MS);
    else this.answers.tally.wait.add((task.beganMs - task.acceptedMs) / 1000);
  }

  #due(task: PoolTask): void {
    if (!task.isAnswered) {
      const why = task.refusedWhy === null ? "" : `: ${task.refusedWhy}`;
      const message = task.isBegun ? "it was not answered in time" : `it was not begun in time${why}`;
      this.abandon(task, refusal("timeout", message));
    } else if (task.process !== null) this.#replace(task.process, "task_stuck");
  }

  #rest(process: PoolProcess): void {
    if (process.isResting) return;
    process.isResting = true;
    this.#ports.clock.after(REST_MS, () => {
      process.isResting = false;
      this.step(() => this.#touch(process));
    });
  }

  #close(process: PoolProcess): void {
    process.isOpen = false;
    this.#touch(process);
  }

  #replace(process: PoolProcess, cause: NonNullable<PoolProcess["replaceCause"]>): void {
    this.#close(process);
    this.notices.replace(process, cause);
  }

  #touch(process: PoolProcess): void {
    this.floor.changed();
    if (process.isDirty) return;
    process.isDirty = true;
    this.#dirty.push(process);
  }

  #workOff(): void {
    for (;;) {
      const early = this.#early.shift();
      const process = early === undefined ? this.#dirty.pop() : undefined;
      if (early !== undefined) early();
      else if (process !== undefined) {
        process.isDirty = false;
        this.#serve(process);
      } else if (!this.answers.deliver() && !this.notices.tell(this.#room)) return;
    }
  }

  /** Hands it what it can take now, and tells how much is at work in it. */
  #serve(process: PoolProcess): void {
    const { worker } = process;
    if (worker.process === process) {
      while (process.takes) {
        const task = this.floor.next(worker, process);
        if (task === undefined) break;
        if (!this.#send(process, task)) this.#place(task);
      }
      if (process.takes) this.floor.noteIdle(worker);
    }
    const busy = Math.min(process.inHand.size, process.concurrency);
    if (busy === process.busyTold) return;
    process.busyTold = busy;
    process.owner.busyChanged(busy);
  }
}
