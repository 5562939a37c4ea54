import { formatFastcgiAddress } from "../../core/farm/fastcgi-address.ts";
import type { FastcgiAddress, FastcgiSpec, TasksSpec } from "../../core/farm/tasks-spec.ts";
import { FastcgiReader } from "../../protocol/fastcgi-reader.ts";
import { abortRequest } from "../../protocol/fastcgi-records.ts";
import { requestWriter, type RequestWriter } from "../../protocol/fastcgi-request.ts";
import type { Cancel, Clock } from "../host.ts";
import { FastcgiConnection } from "./fastcgi-connection.ts";
import { FastcgiTask, type TaskOrder, tooLarge } from "./fastcgi-task.ts";
import type { Lane, LaneAnswer, LaneOwner } from "./lane.ts";

/** What a lane needs to know of its consumer. */
export type FastcgiLaneSpec = Pick<TasksSpec, "maxBytes"> & {
  readonly fastcgi: FastcgiSpec;
  /** Its name, which the script finds in PM_CONSUMER. */
  readonly consumer: string;
};

export interface FastcgiLane extends Lane {
  /**
   * The process behind it has ended, of its own free will or not. A task that it had most likely not read before it ended of its own
   * free will is refused, so that it is tried elsewhere; else this is `close`.
   */
  ended(isWanted: boolean): void;
  /** Drops the connection. Tasks in hand are forgotten: who closes a lane answers for them. Harmless the second time. */
  close(): void;
}

const connectMs = 5000;
/** A connection that ends so soon after a request was sent on it had most likely been closed before. */
const staleMs = 100;
/** How long a process that ends itself between two tasks may take to be gone. Meanwhile its socket still lets connections in. */
const leavingMs = 1000;
/** How long a server of its own that dropped a task may take to be known as ended, before the task is answered all the same. */
const lossMs = 250;
/** How long an aborted request may take to end; below the second after which a pool takes its worker for stuck. */
const abortMs = 500;
/**
 * So long a connection is kept to a server that others use too, idle or not: each takes a whole child of php-fpm, and with fewer children
 * than connections those that wait to be let in would otherwise wait for ever.
 */
const turnMs = 100;

/**
 * One connection to a FastCGI server for one task after another; it is made when the first task comes, kept, and made again when it is
 * needed. Tasks that come while one is at work wait here in order.
 *
 * With `address` in its spec the server is there already and used by others: an aborted request that does not end is left alone after half
 * a second, and a connection is closed after a tenth, when its task is done. Without, the server is a worker of pm: then an aborted request that does not end
 * is answered by replacing the process, and a task whose connection broke waits a moment for `close`, since its process has most likely ended.
 *
 * `refused` is answered when there is no connection to be had (with the reason), and when the server says that it is overloaded. When a
 * connection that had served before ends at once without a byte, it had been closed between two requests: then the task is sent again on a
 * new one, or is refused where the server is a worker that ends itself, as PHP does after so many requests.
 */
export function createFastcgiLane(
  address: FastcgiAddress,
  spec: FastcgiLaneSpec,
  owner: LaneOwner,
  clock: Clock,
): FastcgiLane {
  return new KeptConnection(address, spec, owner, clock);
}

class KeptConnection implements FastcgiLane {
  readonly #address: FastcgiAddress;
  readonly #spec: FastcgiLaneSpec;
  readonly #owner: LaneOwner;
  readonly #clock: Clock;
  readonly #requestOf: RequestWriter;
  readonly #waiting: TaskOrder[] = [];
  #connection: FastcgiConnection | null = null;
  #connectedAtMs = 0;
  #reader = new FastcgiReader();
  /** Whether the connection has served a task before. */
  #isUsed = false;
  /** Whether any connection has. */
  #hasServed = false;
  #task: FastcgiTask | null = null;
  #isClosed = false;
  /** What is waited for: a connection, the end of an abort, the news of a loss, or the end of idleness. Never two of them. */
  #callOff: Cancel = () => {};

  constructor(address: FastcgiAddress, spec: FastcgiLaneSpec, owner: LaneOwner, clock: Clock) {
    this.#address = address;
    this.#spec = spec;
    this.#owner = owner;
    this.#clock = clock;
    this.#requestOf = requestWriter(spec.fastcgi, spec.consumer);
  }

  send(id: number, payload: string, deadlineMs: number): boolean {
    if (this.#isClosed) return false;
    this.#waiting.push({ id, payload, deadlineMs });
    this.#begin();
    return true;
  }

  cancel(id: number): void {
    const index = this.#waiting.findIndex((each) => each.id === id);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
      this.#owner.answered(id, { ok: false, kind: "refused", message: "called off", details: null });
    } else if (this.#task?.order.id === id) this.#abort(this.#task);
  }

  ended(isWanted: boolean): void {
    const task = this.#task;
    this.close();
    const isUnseen = isWanted && this.#hasServed && task?.mayBeUnseen === true && this.#ageMs(task) <= leavingMs;
    if (isUnseen) this.#owner.answered(task.order.id, refused("the server ended before it took the task"));
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#task = null;
    this.#drop();
  }

  #begin(): void {
    if (this.#task !== null) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#callOff();
    const request = this.#requestOf(next.id, next.payload);
    this.#task = new FastcgiTask(next, request.longParam, this.#spec.maxBytes, this.#clock.nowMs());
    if (this.#connection === null) this.#connect(next.deadlineMs);
    this.#connection?.write(request.bytes);
  }

  #connect(deadlineMs: number): void {
    this.#connectedAtMs = this.#clock.nowMs();
    this.#isUsed = false;
    this.#reader = new FastcgiReader();
    const connection = new FastcgiConnection(this.#address, {
      opened: () => this.#callOff(),
      heard: (bytes) => this.#hear(bytes),
      over: (why, wasOpen) => this.#lose(wasOpen, why),
    });
    this.#connection = connection;
    const patienceMs = Math.max(1, Math.min(connectMs, deadlineMs - this.#clock.nowMs()));
    this.#wait(patienceMs, () => {
      this.#drop();
      this.#lose(false, `no connection within ${Math.round(patienceMs) / 1000} s`);
    });
  }

  #abort(task: FastcgiTask): void {
    const connection = this.#connection;
    if (connection === null || task.isAborted) return; // it is about to be answered
    task.isAborted = true;
    const isWorker = this.#spec.fastcgi.address === null;
    if (connection.isOpen && connection.isFlushed) {
      connection.write(abortRequest);
      if (!isWorker) this.#wait(abortMs, () => this.#abandon(task));
    } else if (!connection.isOpen || !isWorker) this.#abandon(task);
  }

  #abandon(task: FastcgiTask): void {
    this.#drop();
    this.#answer(task, calledOff);
  }

  #hear(bytes: Uint8Array): void {
    const task = this.#task;
    let problem = task === null ? "an answer to no request" : null;
    for (const fact of this.#reader.read(bytes)) {
      if (problem !== null) break;
      problem = fact.type === "broken" ? fact.why : task === null ? null : task.take(fact);
    }
    if (task === null || problem !== null || task.isTooLarge) {
      this.#drop();
      if (problem !== null) this.#owner.problem("broken", problem);
      if (task !== null) this.#answer(task, task.isTooLarge ? tooLarge : task.broken(`no FastCGI: ${problem}`));
      return;
    }
    const verdict = task.verdict();
    if (verdict === null) return;
    this.#isUsed = true;
    this.#hasServed = true;
    // What the server may not have read yet must not become part of the next request.
    if (task.isAborted || this.#connection?.isFlushed !== true || this.#isTurnOver) this.#drop();
    this.#answer(task, verdict);
  }

  /** The connection is over, not by us. */
  #lose(wasOpen: boolean, why: string): void {
    const task = this.#task;
    this.#drop();
    if (task === null) return;
    if (!wasOpen) {
      this.#answer(task, refused(`cannot connect to ${formatFastcgiAddress(this.#address)}: ${why}`));
      return;
    }
    const isUnseen = this.#isUnseen(task);
    if (this.#spec.fastcgi.address === null) {
      this.#wait(lossMs, () => this.#answer(task, isUnseen ? refused(why) : task.broken(why)));
    } else if (isUnseen) this.#sendAgain(task);
    else this.#answer(task, task.broken(why));
  }

  /** Whether a connection that ends now had most likely been closed before the task came. */
  #isUnseen(task: FastcgiTask): boolean {
    return this.#isUsed && task.mayBeUnseen && this.#ageMs(task) <= staleMs;
  }

  get #isTurnOver(): boolean {
    return this.#spec.fastcgi.address !== null && this.#clock.nowMs() - this.#connectedAtMs >= turnMs;
  }

  #ageMs({ sinceMs }: FastcgiTask): number {
    return this.#clock.nowMs() - sinceMs;
  }

  /** Once at most: the connection will be a new one. */
  #sendAgain({ order }: FastcgiTask): void {
    this.#task = null;
    this.#waiting.unshift(order);
    this.#begin();
  }

  #answer(task: FastcgiTask, answer: LaneAnswer): void {
    this.#callOff();
    this.#task = null;
    this.#owner.answered(task.order.id, answer);
    this.#begin();
    const isIdle = this.#task === null && this.#connection !== null;
    if (isIdle && this.#spec.fastcgi.address !== null) this.#wait(turnMs, () => this.#drop());
  }

  #wait(delayMs: number, run: () => void): void {
    this.#callOff();
    this.#callOff = this.#clock.after(delayMs, run);
  }

  #drop(): void {
    this.#callOff();
    this.#connection?.drop();
    this.#connection = null;
  }
}

const calledOff: LaneAnswer = { ok: false, kind: "failed", message: "called off", details: null };

function refused(message: string): LaneAnswer {
  return { ok: false, kind: "refused", message, details: null };
}
