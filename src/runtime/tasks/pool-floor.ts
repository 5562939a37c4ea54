import type { TasksSpec } from "../../core/farm/tasks-spec.ts";
import { chooseWorker } from "../../core/tasks/choose.ts";
import { isBefore, Mailbox } from "../../core/tasks/mailbox.ts";
import type { PoolProcess } from "./pool-process.ts";
import type { PoolTask } from "./pool-task.ts";
import { PoolWorker } from "./pool-worker.ts";

/** Payloads that wait have so many characters together, or those of four of the longest tasks: mailboxes alone bound only their number. */
const mostWaitingLength = 256 * 1024 * 1024;

/** The workers of a pool and all that waits for them. */
export class PoolFloor {
  readonly workers: PoolWorker[] = [];
  /** For when there is no worker, and for what was accepted and finds no room any more. */
  readonly lobby: Mailbox<PoolTask>;
  /** Open ones with nothing to do, longest first; some may have got something since. */
  readonly #idle = new Set<PoolWorker>();
  #turn = 0;
  /** All were full when last asked, and nothing has changed since: then a refusal costs nothing. */
  #isFull = false;
  #waiting = 0;
  #waitingLength = 0;
  #spec: TasksSpec;

  constructor(spec: TasksSpec) {
    this.#spec = spec;
    this.lobby = new Mailbox(spec.mailboxLimit);
  }

  adopt(spec: TasksSpec): void {
    this.#spec = spec;
    this.lobby.limit = spec.mailboxLimit;
    for (const { mailbox } of this.workers) mailbox.limit = spec.mailboxLimit;
    this.#isFull = false;
  }

  /** The worker of this number, made when there is none. */
  worker(number: number): PoolWorker {
    const known = this.find(number);
    if (known !== undefined) return known;
    const made = new PoolWorker(number, this.#spec.mailboxLimit);
    this.workers.push(made);
    this.#isFull = false;
    return made;
  }

  find(number: number): PoolWorker | undefined {
    return this.workers.find((worker) => worker.number === number);
  }

  forget(worker: PoolWorker): void {
    this.#idle.delete(worker);
    this.workers.splice(this.workers.indexOf(worker), 1);
  }

  /** Of all workers, and the lobby. */
  get mailboxes(): readonly Mailbox<PoolTask>[] {
    return [this.lobby, ...this.workers.map(({ mailbox }) => mailbox)];
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** What waits is too long together for more to be taken, whatever room there is. */
  get isHeavy(): boolean {
    return this.#waitingLength >= Math.max(mostWaitingLength, 4 * this.#spec.maxBytes);
  }

  /** Whether a new task may wait in the lobby. */
  get isLobbyOpen(): boolean {
    return this.workers.length === 0 && this.lobby.size < this.lobby.limit;
  }

  /** How many more new tasks find room. */
  get room(): number {
    if (this.isHeavy) return 0;
    if (this.workers.length === 0) return Math.max(0, this.lobby.limit - this.lobby.size);
    let room = 0;
    for (const worker of this.workers) room += worker.room;
    return room;
  }

  /** How many tasks keep all workers busy with one more at hand each; at least 1, so that somebody begins. */
  get appetite(): number {
    let appetite = 0;
    for (const { process } of this.workers)
      if (process !== null)
        appetite += process.concurrency + Math.min(this.#spec.mailboxLimit, Math.max(1, process.depth));
    return Math.max(1, appetite);
  }

  /** Who gets the next task; null when all are full or nobody is there. */
  choose(): PoolWorker | null {
    if (this.#isFull) return null;
    if (this.#spec.dispatch === "least_loaded") {
      for (const worker of this.#idle) {
        this.#idle.delete(worker);
        if (worker.isOpen && worker.load === 0) return worker;
      }
    }
    const at = chooseWorker(this.#spec.dispatch, this.workers, this.#turn);
    this.#isFull = at < 0;
    if (at < 0) return null;
    this.#turn = at + 1 < this.workers.length ? at + 1 : 0;
    return this.workers[at] ?? null;
  }

  /** A worker may have room now that had none. */
  changed(): void {
    this.#isFull = false;
  }

  /** It may have nothing to do now. */
  noteIdle(worker: PoolWorker): void {
    if (worker.isOpen && worker.load === 0) this.#idle.add(worker);
  }

  /** Lets the task wait there; false when it is full. */
  wait(task: PoolTask, mailbox: Mailbox<PoolTask>): boolean {
    if (!mailbox.put(task)) return false;
    task.mailbox = mailbox;
    this.#waiting += 1;
    this.#waitingLength += task.payload.length;
    return true;
  }

  /** The task waits no more. */
  unwait(task: PoolTask): void {
    if (task.mailbox === null) return;
    this.#isFull = false;
    task.mailbox.remove(task);
    task.mailbox = null;
    this.#waiting -= 1;
    this.#waitingLength -= task.payload.length;
  }

  /**
   * Takes the task out that this process does next, if it can be handed one now: the best of its own mailbox, of the lobby, and of what waits
   * for workers that take nothing; if there is none and it could begin at once, the best of the fullest mailbox.
   */
  next(worker: PoolWorker, process: PoolProcess): PoolTask | undefined {
    if (this.#waiting === 0) return undefined;
    const isFree = process.free > 0;
    if (!isFree && !process.isHungry) return undefined;
    let task = worker.mailbox.first;
    if (isFree || worker.waitingRoom > 0) task = this.#bestStranded(task);
    if (task === undefined && isFree) task = this.#fullest()?.first;
    if (task !== undefined) this.unwait(task);
    return task;
  }

  #bestStranded(own: PoolTask | undefined): PoolTask | undefined {
    let best = own;
    const { first } = this.lobby;
    if (first !== undefined && (best === undefined || isBefore(first, best))) best = first;
    for (const worker of this.workers) {
      const candidate = worker.mailbox.first;
      if (candidate === undefined || worker.isOpen) continue;
      if (best === undefined || isBefore(candidate, best)) best = candidate;
    }
    return best;
  }

  #fullest(): Mailbox<PoolTask> | undefined {
    let fullest: Mailbox<PoolTask> | undefined;
    for (const { mailbox } of this.workers) if (mailbox.size > (fullest?.size ?? 0)) fullest = mailbox;
    return fullest;
  }
}
