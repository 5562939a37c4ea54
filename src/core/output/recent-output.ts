import type { WorkerRef } from "../farm/events.ts";
import { type ChunkMeta, RecentChunks } from "./recent-chunks.ts";

/** What all workers together may take. */
export interface RecentLimits {
  readonly maxBytes: number;
  /** A power of two. */
  readonly maxBytesPerWorker: number;
  /** Workers that are gone for good and still remembered. */
  readonly maxGoneWorkers: number;
}

/** One worker, over all its processes. */
export interface RememberedWorker {
  readonly ref: WorkerRef;
  /** Null until it writes something. */
  chunks: RecentChunks | null;
  /** Nobody will ask for it any more. */
  isForgotten: boolean;
}

/**
 * The recent output of all workers in bounded memory. A worker that writes nothing takes none. When there are more workers than the whole
 * has room for, each gets half as much, again and again: a quiet one keeps its last words however loud the others are.
 */
export class RecentOutput {
  readonly #limits: RecentLimits;
  readonly #allocate: (bytes: number) => Buffer;
  readonly #workers = new Map<number, RememberedWorker>();
  /** In the order in which they went. */
  readonly #gone = new Set<number>();
  /** How many have written something. */
  #writers = 0;
  #limitBytes: number;

  constructor(limits: RecentLimits, allocate: (bytes: number) => Buffer) {
    this.#limits = limits;
    this.#allocate = allocate;
    this.#limitBytes = limits.maxBytesPerWorker;
  }

  /** The worker, known from now on. */
  worker({ worker, slot, consumer }: WorkerRef): RememberedWorker {
    const known = this.#workers.get(worker);
    if (known !== undefined) return known;
    const made = { ref: { worker, slot, consumer }, chunks: null, isForgotten: false };
    this.#workers.set(worker, made);
    return made;
  }

  all(): Iterable<RememberedWorker> {
    return this.#workers.values();
  }

  /** Keeps a copy of the bytes [start, end). */
  push(of: RememberedWorker, meta: ChunkMeta, bytes: Buffer, start: number, end: number): void {
    if (of.chunks === null) {
      if (of.isForgotten) return;
      this.#writers += 1;
      this.#lowerLimit();
      of.chunks = new RecentChunks(this.#allocate);
    }
    of.chunks.push(meta, bytes, start, end, this.#limitBytes);
  }

  /** The worker is gone for good. It is remembered until enough others have gone; returns the one that is now forgotten, if any. */
  leave(worker: number): RememberedWorker | null {
    if (!this.#workers.has(worker)) return null;
    this.#gone.add(worker);
    if (this.#gone.size <= this.#limits.maxGoneWorkers) return null;
    const [oldest = worker] = this.#gone;
    const forgotten = this.#workers.get(oldest);
    this.#gone.delete(oldest);
    this.#workers.delete(oldest);
    if (forgotten === undefined) return null;
    forgotten.isForgotten = true;
    if (forgotten.chunks !== null) this.#writers -= 1;
    forgotten.chunks = null;
    this.#raiseLimit();
    return forgotten;
  }

  #lowerLimit(): void {
    const before = this.#limitBytes;
    while (this.#writers * this.#limitBytes > this.#limits.maxBytes) this.#limitBytes /= 2;
    if (this.#limitBytes === before) return;
    for (const { chunks } of this.#workers.values()) chunks?.shrink(this.#limitBytes);
  }

  /** Only when there is room twice over, so that a worker that comes and goes does not turn it to and fro. */
  #raiseLimit(): void {
    while (
      this.#limitBytes < this.#limits.maxBytesPerWorker &&
      this.#writers * this.#limitBytes * 4 <= this.#limits.maxBytes
    )
      this.#limitBytes *= 2;
  }
}
