import type { LineSplitter } from "../core/output/line-splitter.ts";
import type { Activity } from "./activity.ts";
import type { ToOutput } from "./messages.ts";
import { closeFd, type Epoll, EPOLLIN } from "../system/libc.ts";
import type { WorkerStream } from "./worker-stream.ts";

/** One descriptor the output thread reads. */
export interface Source {
  readonly id: number;
  readonly fd: number;
  /** Whose process it belongs to; -1 for pm's own. */
  readonly key: number;
  readonly kind: "stdout" | "stderr" | "ipc" | "own_log" | "control";
  /** Of stdout and stderr. */
  readonly process: OpenProcess | null;
  /** Made when it first says something, since thousands of idle ones take memory. */
  stream: WorkerStream | null;
  /** What it says may be waited for; false once its process is gone. */
  waits: boolean;
  /** Of orders and frames. */
  readonly splitter: LineSplitter | null;
  /** Where the time of its last bytes is noted; null for pm's own, and once its process is gone. */
  activity: Activity | null;
  /** The set it waits in while what it says has nowhere to go; null while it is read. */
  pausedIn: Set<Source> | null;
  /** When it is closed although somebody still holds its other end; null while its process lives. */
  closeAtMs: number | null;
  /** When its unterminated line is written; null when there is none, or none is wanted. */
  partialAtMs: number | null;
}

/** A process whose output is read. */
export interface OpenProcess {
  readonly order: Extract<ToOutput, { do: "open" }>;
  readonly kind: Extract<ToOutput, { do: "kind" }>;
}

/** Whether it is what a worker writes for people. */
export function isOutput({ kind }: Source): boolean {
  return kind === "stdout" || kind === "stderr";
}

/** All that is read, known to epoll as long as it is wanted. */
export class Sources {
  readonly #epoll: Epoll;
  readonly #byId = new Map<number, Source>();
  /** Those with a time of their own: an unterminated line to write, or a pipe to close. */
  readonly timed = new Set<Source>();
  #nextId = 0;

  constructor(epoll: Epoll) {
    this.#epoll = epoll;
  }

  add(source: Pick<Source, "fd" | "key" | "kind"> & Partial<Source>): Source {
    const whole: Source = {
      process: null,
      stream: null,
      waits: true,
      splitter: null,
      activity: null,
      pausedIn: null,
      closeAtMs: null,
      partialAtMs: null,
      ...source,
      id: this.#nextId++,
    };
    this.#byId.set(whole.id, whole);
    this.#epoll.add(whole.fd, EPOLLIN, whole.id);
    return whole;
  }

  get(id: number): Source | undefined {
    return this.#byId.get(id);
  }

  has(source: Source): boolean {
    return this.#byId.has(source.id);
  }

  all(): Iterable<Source> {
    return this.#byId.values();
  }

  /** Reads it no more. The pipes of workers are closed here; a control channel is the main thread's to close. */
  forget(source: Source): void {
    if (!this.#byId.delete(source.id)) return;
    this.timed.delete(source);
    if (source.pausedIn === null) this.#epoll.remove(source.fd);
    else this.#leaveQueue(source, source.pausedIn);
    if (isOutput(source)) closeFd(source.fd);
  }

  /** Out of epoll meanwhile, since an end that hung up would be reported again and again. */
  pause(source: Source, waiting: Set<Source>): void {
    source.pausedIn = waiting;
    waiting.add(source);
    this.#epoll.remove(source.fd);
    source.activity?.holdUp();
  }

  /** Reads it again, if it waits. */
  resume(source: Source): void {
    if (source.pausedIn === null) return;
    this.#leaveQueue(source, source.pausedIn);
    this.#epoll.add(source.fd, EPOLLIN, source.id);
  }

  /** Reads again all that wait in a set. */
  resumeAll(waiting: Set<Source>): void {
    for (const source of waiting) this.resume(source);
  }

  /** When the first of the timed ones is due; infinite when none is. */
  nextDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { partialAtMs, closeAtMs } of this.timed) {
      if (partialAtMs !== null) dueMs = Math.min(dueMs, partialAtMs);
      if (closeAtMs !== null) dueMs = Math.min(dueMs, closeAtMs);
    }
    return dueMs;
  }

  #leaveQueue(source: Source, waiting: Set<Source>): void {
    source.pausedIn = null;
    waiting.delete(source);
    source.activity?.release();
  }
}
