import type { LineSplitter } from "../core/output/line-splitter.ts";
import { closeFd, type Epoll, EPOLLIN } from "../system/libc.ts";
import type { WorkerStream } from "./worker-stream.ts";

/** One descriptor the output thread reads. */
export interface Source {
  readonly id: number;
  readonly fd: number;
  /** Whose process it belongs to; -1 for pm's own. */
  readonly key: number;
  readonly kind: "stream" | "ipc" | "own_log" | "control";
  /** Of a stream. */
  readonly stream: WorkerStream | null;
  /** Of all others. */
  readonly splitter: LineSplitter | null;
  /** Where the time of its last bytes is noted, or -1. */
  readonly activity: number;
  /** The set it waits in while what it says has nowhere to go; null while it is read. */
  pausedIn: Set<Source> | null;
  /** When it is closed although somebody still holds its other end; null while its process lives. */
  closeAtMs: number | null;
  /** When its unterminated line is written; null when there is none, or none is wanted. */
  partialAtMs: number | null;
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
      stream: null,
      splitter: null,
      activity: -1,
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
    source.pausedIn?.delete(source);
    if (source.kind === "stream") closeFd(source.fd);
  }

  /** Out of epoll meanwhile, since an end that hung up would be reported again and again. */
  pause(source: Source, waiting: Set<Source>): void {
    source.pausedIn = waiting;
    waiting.add(source);
    this.#epoll.remove(source.fd);
  }

  /** Reads again all that wait in a set. */
  resume(waiting: Set<Source>): void {
    for (const source of waiting) {
      source.pausedIn = null;
      this.#epoll.add(source.fd, EPOLLIN, source.id);
    }
    waiting.clear();
  }

  /** When the first of the timed ones is due; infinite when none is. */
  nextDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { partialAtMs, closeAtMs, pausedIn } of this.timed) {
      if (partialAtMs !== null) dueMs = Math.min(dueMs, partialAtMs);
      if (closeAtMs !== null && pausedIn === null) dueMs = Math.min(dueMs, closeAtMs);
    }
    return dueMs;
  }
}
