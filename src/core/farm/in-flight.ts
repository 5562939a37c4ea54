import type { MessageFact } from "./events.ts";

/**
 * What one process is at work on, by what it reports. It lives and dies with the process, so a crash in mid-message can
 * neither leak a count nor mark the next process busy.
 */
export class InFlight {
  /** Message without an id: the one in hand, by transport. */
  readonly #byKey = new Map<string, { readonly transport: string; readonly sinceMs: number }>();
  #slots: { readonly busy: number; readonly total: number } | null = null;
  #idleSinceMs: number;
  #worked = false;

  constructor(startedAtMs: number) {
    this.#idleSinceMs = startedAtMs;
  }

  /** Takes one report. Ends of messages never seen are ignored; memory is bounded by `maxTracked`. */
  take(fact: MessageFact, nowMs: number): void {
    const key = keyOf(fact);
    switch (fact.event) {
      case "received":
        this.#byKey.delete(key); // one that takes the place of another is the youngest, so it goes to the end
        if (this.#byKey.size < maxTracked) this.#byKey.set(key, { transport: fact.transport, sinceMs: nowMs });
        return;
      case "handled":
      case "failed":
        this.#worked = true;
        if (this.#byKey.delete(key) && this.#byKey.size === 0) this.#idleSinceMs = nowMs;
        return;
      case "retried":
        return;
    }
  }

  /** Takes what a worker with inner concurrency tells of its slots. */
  takeSlots(busy: number, total: number, nowMs: number): void {
    if (busy === 0 && this.busy > 0) this.#idleSinceMs = nowMs;
    this.#slots = { busy, total };
  }

  /** Notes work that is no message (`progress`). */
  noteWork(): void {
    this.#worked = true;
  }

  /** True once it has done something: a message handled or failed, or progress. */
  get reportedWork(): boolean {
    return this.#worked;
  }

  /** Slots at work: what the worker tells of them, or the messages in hand. */
  get busy(): number {
    return this.#slots?.busy ?? this.#byKey.size;
  }

  /** Slots in all; at least as many as are busy. */
  get total(): number {
    return this.#slots?.total ?? Math.max(1, this.#byKey.size);
  }

  /** When it last had nothing in hand. */
  get idleSinceMs(): number {
    return this.#idleSinceMs;
  }

  /** When it took the oldest message in hand, or null. */
  get oldestSinceMs(): number | null {
    for (const { sinceMs } of this.#byKey.values()) return sinceMs; // a Map keeps the order of insertion
    return null;
  }

  /** Messages in hand by transport. */
  get perTransport(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { transport } of this.#byKey.values()) counts[transport] = (counts[transport] ?? 0) + 1;
    return counts;
  }
}

/** A worker that reports more messages in flight than this is not believed. */
const maxTracked = 10_000;

/** Without an id a worker handles one message at a time, so a new one of a transport takes the place of the last. */
function keyOf(fact: MessageFact): string {
  return fact.id === null ? `transport:${fact.transport}` : `id:${fact.id}`;
}
