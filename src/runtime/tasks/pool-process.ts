import type { TasksSpec } from "../../core/farm/tasks-spec.ts";
import { nextPeak, prefetchDepth, UNKNOWN_PEAK } from "../../core/tasks/prefetch.ts";
import type { TaskProtocolErrorKind } from "../../core/tasks/task.ts";
import type { Lane, LaneAnswer } from "./lane.ts";
import type { PoolTask } from "./pool-task.ts";
import type { PoolWorker } from "./pool-worker.ts";
import type { ProcessTasks, ProcessTasksOwner } from "./task-ports.ts";

/** What a process tells the pool; the pool alone acts on it. */
export interface ProcessHome {
  opened(process: PoolProcess): void;
  closed(process: PoolProcess): void;
  answered(process: PoolProcess, id: number, answer: LaneAnswer): void;
  problem(process: PoolProcess, kind: TaskProtocolErrorKind, excerpt: string): void;
  broken(process: PoolProcess, why: string): void;
  lost(process: PoolProcess, why: string): void;
}

/** What all processes of a pool share. */
export interface ProcessTerms {
  readonly consumer: string;
  readonly spec: TasksSpec;
  readonly home: ProcessHome;
}

/** Ids answered last, of which a second answer is told from one to a task it never had. */
const REMEMBERED = 64;

/** One process (or connection) and the tasks in its hand, in the order they were sent. */
export class PoolProcess implements ProcessTasks {
  readonly worker: PoolWorker;
  readonly lane: Lane;
  readonly owner: ProcessTasksOwner;
  readonly concurrency: number;
  readonly inHand = new Map<number, PoolTask>();
  /** Whether it takes tasks; not while it rests after a refusal. */
  isOpen = false;
  isResting = false;
  isLost = false;
  /** It is to be replaced; told once. */
  replaceCause: Parameters<ProcessTasksOwner["replace"]>[0] | null = null;
  isReplaceTold = false;
  isDirty = false;
  busyTold = 0;
  #isOutOfOrder = false;
  #isFilling = false;
  #peak = UNKNOWN_PEAK;
  #sendsLeft: number;
  readonly #prefetch: number | null;
  readonly #answered = new Float64Array(REMEMBERED);
  #answers = 0;
  readonly #consumer: string;
  readonly #home: ProcessHome;

  constructor(worker: PoolWorker, lane: Lane, owner: ProcessTasksOwner, terms: ProcessTerms) {
    const { spec } = terms;
    this.worker = worker;
    this.lane = lane;
    this.owner = owner;
    this.concurrency = spec.concurrency;
    this.#prefetch = spec.protocol === "fastcgi" || spec.concurrency > 1 ? 0 : spec.prefetch;
    this.#sendsLeft = spec.maxTasks ?? Infinity;
    this.#consumer = terms.consumer;
    this.#home = terms.home;
  }

  open(): void {
    this.#home.opened(this);
  }

  close(): void {
    this.#home.closed(this);
  }

  lost(why: string): void {
    this.#home.lost(this, why);
  }

  answered(id: number, answer: LaneAnswer): void {
    this.#home.answered(this, id, answer);
  }

  problem(kind: TaskProtocolErrorKind, excerpt: string): void {
    this.#home.problem(this, kind, excerpt);
  }

  broken(why: string): void {
    this.#home.broken(this, why);
  }

  get busy(): number {
    return this.inHand.size;
  }

  /** With several at work nobody knows which of them calls: the longest chain is taken, so that no loop closes. */
  get chain(): readonly string[] {
    let chain: readonly string[] = [];
    for (const task of this.inHand.values()) if (task.isBegun && task.chain.length > chain.length) ({ chain } = task);
    return [...chain, this.#consumer];
  }

  /** It takes tasks now. */
  get takes(): boolean {
    return this.isOpen && !this.isResting && this.#sendsLeft > 0;
  }

  /** So many more could begin at once. */
  get free(): number {
    return this.takes ? Math.min(this.#sendsLeft, Math.max(0, this.concurrency - this.inHand.size)) : 0;
  }

  /** Tasks that lie ready behind those at work. */
  get ready(): number {
    return Math.max(0, this.inHand.size - this.concurrency);
  }

  /** How many may lie ready. */
  get depth(): number {
    return this.#isOutOfOrder ? 0 : (this.#prefetch ?? prefetchDepth(this.#peak));
  }

  /** It is to be laid more ready. Only when half of it is used up: many small handings over cost more than the tasks. */
  get isHungry(): boolean {
    const { ready, depth } = this;
    if (ready * 2 <= depth) this.#isFilling = true;
    if (ready >= depth) this.#isFilling = false;
    return this.takes && this.#isFilling;
  }

  /** It has had all the tasks it may have, and answered them. */
  get isWornOut(): boolean {
    return this.#sendsLeft <= 0 && this.inHand.size === 0;
  }

  /** False when it cannot be talked to any more; the task is in nobody's hand then. `begun` hears when it is more than laid ready. */
  send(task: PoolTask, id: number, nowMs: number, begun: (task: PoolTask) => void): boolean {
    task.process = this;
    task.id = id;
    task.sentMs = nowMs;
    task.beganMs = this.inHand.size < this.concurrency ? nowMs : -1;
    this.inHand.set(id, task);
    this.#sendsLeft -= 1;
    if (task.isBegun) begun(task);
    if (this.lane.send(id, task.payload, task.deadlineMs) || this.inHand.get(id) !== task) return true;
    this.#release(task);
    this.#sendsLeft += 1;
    return false;
  }

  /** Takes an answered task out of its hand; undefined when it does not have it. `begun` hears which ones it begins now. */
  take(id: number, nowMs: number, begun: (task: PoolTask) => void): PoolTask | undefined {
    const task = this.inHand.get(id);
    if (task === undefined) return undefined;
    // One that was called off may be handed back before its turn.
    if (!task.isBegun && task.isAnswered) task.beganMs = nowMs;
    if (!task.isBegun) this.#outOfOrder(begun);
    this.inHand.delete(id);
    this.#answered[this.#answers++ % REMEMBERED] = id;
    this.#peak = nextPeak(this.#peak, nowMs - task.beganMs);
    if (this.concurrency === 1 && this.inHand.size > 0) this.#beginNext(nowMs, begun);
    return task;
  }

  /** One of its tasks has been running for so long, without an end. */
  ranOn(ms: number): void {
    this.#peak = nextPeak(this.#peak, ms);
  }

  hasAnswered(id: number): boolean {
    return this.#answered.includes(id);
  }

  /** All that is in its hand, in the order it was sent; it has none of it any more. */
  giveBack(): PoolTask[] {
    const tasks = [...this.inHand.values()];
    this.inHand.clear();
    for (const task of tasks) task.process = null;
    return tasks;
  }

  #release(task: PoolTask): void {
    this.inHand.delete(task.id);
    task.process = null;
    task.beganMs = -1;
  }

  #beginNext(nowMs: number, begun: (task: PoolTask) => void): void {
    for (const task of this.inHand.values()) {
      if (!task.isBegun) {
        task.beganMs = nowMs;
        begun(task);
      }
      return;
    }
  }

  /** Nobody can tell any more what it is working on: everything counts as begun when it was sent. */
  #outOfOrder(begun: (task: PoolTask) => void): void {
    this.#isOutOfOrder = true;
    for (const task of this.inHand.values()) {
      if (task.isBegun) continue;
      task.beganMs = task.sentMs;
      begun(task);
    }
  }
}
