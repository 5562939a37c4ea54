import type { TasksSpec } from "../../core/farm/tasks-spec.ts";
import { chainProblem } from "../../core/tasks/chain.ts";
import type { RejectReason, TaskFigures } from "../../core/tasks/task-figures.ts";
import type { TaskAnswer, TaskRequest } from "../../core/tasks/task.ts";
import type { Cancel, Clock } from "../host.ts";
import type { Lane } from "./lane.ts";
import { PoolDispatch } from "./pool-dispatch.ts";
import { PoolProcess } from "./pool-process.ts";
import { type Caller, PoolTask } from "./pool-task.ts";
import { type Refusal, refusal, type TaskPoolPorts } from "./task-pool-ports.ts";
import type { ProcessTasks, ProcessTasksOwner, TaskInlet } from "./task-ports.ts";

/** All tasks of one consumer: the one owner of each from its acceptance to its one answer. */
export class TaskPool implements TaskInlet {
  readonly #consumer: string;
  readonly #clock: Clock;
  readonly #dispatch: PoolDispatch;
  readonly #overloaded: Refusal<"overloaded">;
  #spec: TasksSpec;
  #arrivals = 0;

  constructor(consumer: string, spec: TasksSpec, ports: TaskPoolPorts) {
    this.#consumer = consumer;
    this.#clock = ports.clock;
    this.#spec = spec;
    this.#dispatch = new PoolDispatch(consumer, spec, ports);
    this.#overloaded = refusal("overloaded", `too many tasks wait for ${consumer} already; ask again later`);
  }

  get maxBytes(): number {
    return this.#spec.maxBytes;
  }

  /** Tasks not handed to a process yet. */
  get waiting(): number {
    return this.#dispatch.floor.waiting;
  }

  /** Tasks handed to a process. */
  get inFlight(): number {
    return this.#dispatch.inFlight;
  }

  /** While all are refused there is nothing to wait for: whoever hands one in hears why. */
  get room(): number {
    return this.#dispatch.refusal === null ? this.#dispatch.room : 1;
  }

  get appetite(): number {
    return this.#dispatch.floor.appetite;
  }

  figures(): TaskFigures {
    return this.#dispatch.answers.tally.figures({
      waiting: this.waiting,
      inFlight: this.inFlight,
      room: this.#dispatch.room,
    });
  }

  /** Another definition, for tasks and processes to come; fewer may wait from now on, but what waits already stays. */
  adopt(spec: TasksSpec): void {
    this.#spec = spec;
    this.#dispatch.floor.adopt(spec);
  }

  /** A process of this worker has started; it gets no tasks before `open`. One it had before gets no more. */
  attach(worker: number, lane: Lane, owner: ProcessTasksOwner): ProcessTasks {
    return this.#dispatch.step(() => {
      const seat = this.#dispatch.floor.worker(worker);
      if (seat.process !== null) this.#dispatch.closed(seat.process);
      const process = new PoolProcess(seat, lane, owner, {
        consumer: this.#consumer,
        spec: this.#spec,
        home: this.#dispatch,
      });
      seat.process = process;
      return process;
    });
  }

  /** The slot is given up, or rests: what waits for it moves. What its process has in hand goes on. */
  leave(worker: number): void {
    const seat = this.#dispatch.floor.find(worker);
    if (seat !== undefined) this.#dispatch.step(() => this.#dispatch.forget(seat));
  }

  /** New tasks and those that wait are answered so from now on; those at work go on. */
  refuse(code: "unavailable" | "shutting_down", message: string): void {
    this.#dispatch.step(() => {
      const answer = refusal(code, message);
      this.#dispatch.refusal = answer;
      this.#dispatch.answerWaiting(answer);
    });
    this.#dispatch.notices.callRoomWaiters();
  }

  /** Tasks are taken again. */
  admit(): void {
    this.#dispatch.step(() => {
      this.#dispatch.refusal = null;
    });
  }

  /** Also calls when the pool begins to refuse, so that whoever waits can hear why by submitting. */
  whenRoom(run: () => void): Cancel {
    return this.#dispatch.whenRoom(run);
  }

  submit(request: TaskRequest, settle: (answer: TaskAnswer) => void): Cancel {
    const caller: Caller = { settle, isTold: false };
    return this.#dispatch.step(() => this.#submit(request, caller));
  }

  #submit(request: TaskRequest, caller: Caller): Cancel {
    const { answers, floor, refusal: refused } = this.#dispatch;
    if (refused !== null) return this.#reject(caller, refused);
    const { maxBytes } = this.#spec;
    if (isLonger(request.payload, maxBytes))
      return this.#reject(caller, refusal("too_large", `the task is longer than ${maxBytes} bytes`));
    const loop = chainProblem(request.chain, this.#consumer);
    if (loop !== null) return this.#reject(caller, refusal("loop", loop));
    if (request.key !== null) {
      const joined = this.#join(request.key, caller);
      if (joined !== null) return joined;
    }
    if (floor.isHeavy) return this.#reject(caller, this.#overloaded);
    const worker = floor.choose();
    if (worker === null && !floor.isLobbyOpen) return this.#reject(caller, this.#overloaded);
    const task = new PoolTask(request, caller, {
      order: this.#arrivals++,
      nowMs: this.#clock.nowMs(),
      timeoutMs: request.timeoutMs ?? this.#spec.timeoutMs,
      retries: request.retries ?? this.#spec.retries,
    });
    answers.tally.accepted();
    if (request.key !== null) answers.keys.begin(request.key, task);
    this.#dispatch.accept(task, worker);
    return () => this.#callOff(task, caller);
  }

  /** The answer to an equal task, if there is one or will be. */
  #join(key: string, caller: Caller): Cancel | null {
    const { answers } = this.#dispatch;
    const recent = answers.keys.recent(key, this.#clock.nowMs());
    const twin = answers.keys.underWay(key);
    if (recent === null && twin === undefined) return null;
    answers.tally.accepted();
    if (recent !== null) answers.tell(caller, recent);
    if (twin === undefined) return noop;
    twin.callers.push(caller);
    return () => this.#callOff(twin, caller);
  }

  #callOff(task: PoolTask, caller: Caller): void {
    if (caller.isTold) return;
    this.#dispatch.step(() => {
      const answer = refusal("cancelled", "it was called off");
      if (task.callers.length === 1) return this.#dispatch.abandon(task, answer);
      task.callers.splice(task.callers.indexOf(caller), 1);
      this.#dispatch.answers.tell(caller, answer);
    });
  }

  #reject(caller: Caller, answer: Refusal<RejectReason>): Cancel {
    this.#dispatch.answers.tally.rejected(answer.error.code);
    caller.isTold = true;
    caller.settle(answer);
    return noop;
  }
}

const noop = (): void => undefined;

/** By its bytes; most texts need no counting. */
function isLonger(text: string, maxBytes: number): boolean {
  return text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes);
}
